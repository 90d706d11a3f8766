"""Uptime checks and their alerts. Kept, not carried out."""

import uuid
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint

from emulator.digitalocean.bodies import Body, body
from emulator.digitalocean.cloud import cloud
from emulator.digitalocean.errors import not_found, unprocessable
from emulator.digitalocean.pages import listing
from emulator.digitalocean.state import Thing, shown

uptime = Blueprint("uptime", __name__)
_CHECKS = "/v2/uptime/checks"
_CHECK = f"{_CHECKS}/<identifier>"
_ALERTS = f"{_CHECK}/alerts"
_ALERT = f"{_ALERTS}/<alert_id>"
_KINDS = ("ping", "http", "https")
_REGIONS = ("us_east", "us_west", "eu_west", "se_asia")
_ALERT_KINDS = ("latency", "down", "down_global", "ssl_expiry")
# Those that compare with a number.
_MEASURED = ("latency", "ssl_expiry")
_COMPARISONS = ("greater_than", "less_than")
_PERIODS = ("2m", "3m", "5m", "10m", "15m", "30m", "1h")


def _check(identifier: str) -> Thing:
    check = cloud().state["checks"].get(identifier)
    if not check:
        raise not_found()
    return check


def _alert(identifier: str, alert_id: str) -> Thing:
    alert = cloud().state["alerts"].get(alert_id)
    if not alert or alert["_check"] != _check(identifier)["id"]:
        raise not_found()
    return alert


def _check_fields(sent: Body) -> Thing:
    target = sent.text("target")
    scheme = urlsplit(target).scheme
    # The published document does not ask for the type.
    kind = sent.one_of("type", _KINDS) if "type" in sent else scheme or "ping"
    if kind not in _KINDS:
        raise unprocessable("target must be a URL of http or https, or a host")
    if kind != "ping" and scheme != kind:
        raise unprocessable(f"target must be a URL that begins with {kind}://")
    regions = sent.many("regions", str)
    if not {*regions} <= {*_REGIONS}:
        raise unprocessable(f"regions must be of {', '.join(_REGIONS)}")
    return {
        "name": sent.text("name"),
        "type": kind,
        "target": target,
        "regions": regions,
        "enabled": sent.flag("enabled", default=True),
    }


def _notifications(sent: Body) -> Thing:
    told = sent.value("notifications")
    if not isinstance(told, dict):
        raise unprocessable("notifications must be an object")
    for name in ("email", "slack"):
        Body(told).value(name)
    slack = Body(told).many("slack", dict)
    for channel in slack:
        Body(channel).text("channel")
        Body(channel).text("url")
    emails = Body(told).many("email", str)
    strange = [email for email in emails if email != cloud().email]
    if strange:
        raise unprocessable(f"{strange[0]} is not a verified email of this account")
    return {"email": emails, "slack": slack}


def _alert_fields(sent: Body) -> Thing:
    kind = sent.one_of("type", _ALERT_KINDS)
    fields: Thing = {"name": sent.text("name"), "type": kind}
    if kind in _MEASURED:
        fields["threshold"] = sent.number("threshold", 1, 2**31 - 1)
        fields["comparison"] = sent.one_of("comparison", _COMPARISONS)
    if kind != "ssl_expiry" or "period" in sent:
        fields["period"] = sent.one_of("period", _PERIODS)
    return fields | {"notifications": _notifications(sent)}


@uptime.get(_CHECKS)
def list_checks() -> dict[str, Any]:
    return listing("checks", cloud().listed("checks"))


@uptime.post(_CHECKS)
def create_check() -> tuple[dict[str, Any], int]:
    check = {"id": str(uuid.uuid4())} | _check_fields(body())
    return {"check": shown(cloud().add("checks", check["id"], check))}, 201


@uptime.get(_CHECK)
def get_check(identifier: str) -> dict[str, Any]:
    return {"check": shown(_check(identifier))}


@uptime.put(_CHECK)
def change_check(identifier: str) -> dict[str, Any]:
    check = _check(identifier)
    check.update(_check_fields(Body(shown(check) | body().fields)))
    return {"check": shown(check)}


@uptime.delete(_CHECK)
def delete_check(identifier: str) -> tuple[str, int]:
    del cloud().state["checks"][_check(identifier)["id"]]
    for number, alert in list(cloud().state["alerts"].items()):
        if alert["_check"] == identifier:
            del cloud().state["alerts"][number]
    return "", 204


@uptime.get(_ALERTS)
def list_alerts(identifier: str) -> dict[str, Any]:
    check = _check(identifier)["id"]
    return listing("alerts", [each for each in cloud().listed("alerts") if each["_check"] == check])


@uptime.post(_ALERTS)
def create_alert(identifier: str) -> tuple[dict[str, Any], int]:
    check = _check(identifier)["id"]
    alert = {"id": str(uuid.uuid4()), "_check": check} | _alert_fields(body())
    return {"alert": shown(cloud().add("alerts", alert["id"], alert))}, 201


@uptime.get(_ALERT)
def get_alert(identifier: str, alert_id: str) -> dict[str, Any]:
    return {"alert": shown(_alert(identifier, alert_id))}


@uptime.put(_ALERT)
def change_alert(identifier: str, alert_id: str) -> dict[str, Any]:
    alert = _alert(identifier, alert_id)
    alert.update(_alert_fields(Body(shown(alert) | body().fields)))
    return {"alert": shown(alert)}


@uptime.delete(_ALERT)
def delete_alert(identifier: str, alert_id: str) -> tuple[str, int]:
    del cloud().state["alerts"][_alert(identifier, alert_id)["id"]]
    return "", 204
