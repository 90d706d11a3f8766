"""Digital Ocean looks at the site from outside, and tells the owner when it is down."""

from collections.abc import Callable
from typing import Any

from digitalocean.cloud import Cloud, Json
from digitalocean.errors import CloudError
from settings.model import Settings

PATH = "/v2/uptime/checks"
REGIONS = ["us_east", "eu_west"]
# By then a certificate should have been renewed long since.
DAYS_LEFT = 7


def target(settings: Settings) -> str:
    """What the check asks for."""
    return f"https://{settings.domain}/"


def is_ours(check: Json, settings: Settings) -> bool:
    """Whether we made the check: another domain is another name too, so nothing else was asked."""
    asked = str(check.get("target")).rstrip("/")
    return check["name"] == settings.domain and asked == target(settings).rstrip("/")


class Uptime:
    """A check of the site from two continents, and alerts by e-mail when one is named.

    Compared: how the check asks, and of each alert its kind, limits and whom it writes to. Not
    touched: whether the check is paused, where it asks from, and every other check and alert; one
    of our name that asks for something else is an error.
    """

    def __init__(self, cloud: Cloud, settings: Settings) -> None:
        self._cloud = cloud
        self._settings = settings
        self._check: Json = {
            "name": settings.domain,
            "type": "https",
            "target": target(settings),
            "regions": REGIONS,
            "enabled": True,
        }
        self._alerts = _alerts(settings)

    def _named(self, found: list[Json], name: str, kind: str) -> Json | None:
        named = [one for one in found if one["name"] == name]
        if len(named) > 1:
            raise CloudError(
                f"There are {len(named)} {kind} called {name}. Remove those that are not meant: "
                "https://cloud.digitalocean.com/monitors"
            )
        return next(iter(named), None)

    def _found(self) -> Json | None:
        name, known = self._check["name"], self._cloud.facts.checks()
        ours = [one for one in known if is_ours(one, self._settings)]
        others = [one for one in known if one["name"] == name and one not in ours]
        if others and not ours:
            raise CloudError(
                f"An uptime check is called {name} and asks for {others[0].get('target')}, not "
                f"for {self._check['target']}. Give it another name, or have it ask for that, if "
                "it is for this site: https://cloud.digitalocean.com/monitors. Or do without "
                "ours: uptime_check = False"
            )
        return self._named(ours, name, "uptime checks")

    def pending(self) -> list[str]:
        check = self._found()
        if check is None:
            wanted = [self._check, *self._alerts]
            return [f"Make the uptime check {self._check['name']} with {len(wanted) - 1} alerts"]
        changes = []
        if _differs(check, self._check, ("type",)):
            changes.append(f"Have the uptime check ask {self._check['target']}")
        for alert in self._alerts:
            found = self._alert(check["id"], alert["name"])
            if found is None or _alert_differs(found, alert):
                changes.append(f"Have the alert {alert['name']}")
        return changes

    def _alert(self, check: str, name: str) -> Json | None:
        return self._named(self._cloud.facts.alerts(check), name, "alerts")

    def mend(self) -> None:
        check = self._found()
        if check is None:
            self._make("the uptime check", PATH, self._check, "check", self._found)
            check = self._found()
        elif _differs(check, self._check, ("type",)):
            # Whether it is paused, and where it asks from, stays the owner's.
            kept = {name: check[name] for name in ("regions", "enabled") if name in check}
            answer = self._cloud.client.put(f"{PATH}/{check['id']}", self._check | kept)
            check = answer["check"]
            self._cloud.facts.remember(PATH, check["id"], check)
        if check is None:
            raise CloudError("The uptime check was made and is not to be seen. Type it again.")
        for alert in self._alerts:
            self._mend_alert(check["id"], alert)

    def _mend_alert(self, check: str, wanted: Json) -> None:
        path = f"{PATH}/{check}/alerts"
        found = self._alert(check, wanted["name"])
        if found is None:
            self._make(
                f"the alert {wanted['name']}",
                path,
                wanted,
                "alert",
                lambda: self._alert(check, wanted["name"]),
            )
        elif _alert_differs(found, wanted):
            answer = self._cloud.client.put(f"{path}/{found['id']}", wanted)
            self._cloud.facts.remember(path, found["id"], answer["alert"])

    def _make(
        self, what: str, path: str, body: Json, root: str, found: Callable[[], Json | None]
    ) -> None:
        facts = self._cloud.facts

        def look() -> Json | None:
            facts.forget(path)
            return found()

        def keep(answer: Json) -> None:
            facts.remember(path, answer[root]["id"], answer[root])

        self._cloud.made(what, path, body, look=look, keep=keep)


def _alerts(settings: Settings) -> list[Json]:
    if not settings.uptime_email:
        return []
    told = {"email": [settings.uptime_email], "slack": []}
    return [
        {
            "name": f"{settings.domain} is down",
            "type": "down_global",
            "period": "2m",
            "notifications": told,
        },
        {
            "name": f"{settings.domain}: the certificate ends",
            "type": "ssl_expiry",
            "threshold": DAYS_LEFT,
            "comparison": "less_than",
            "period": "2m",
            "notifications": told,
        },
    ]


def _differs(found: Json, wanted: Json, names: tuple[str, ...]) -> bool:
    return any(found.get(name) != wanted.get(name) for name in names)


def _alert_differs(found: Json, wanted: Json) -> bool:
    told: dict[str, Any] = found.get("notifications") or {}
    if sorted(told.get("email") or ()) != sorted(wanted["notifications"]["email"]):
        return True
    limits = [name for name in ("threshold", "comparison", "period") if name in wanted]
    return _differs(found, wanted, ("type", *limits))
