"""The account itself."""

from typing import Any

from flask import Blueprint

from emulator.digitalocean.cloud import cloud

account = Blueprint("account", __name__)
_TEAM = {"uuid": "5df3e3004a17e242b7c20ca6c9fc25b701a47ece", "name": "My Team"}


@account.get("/v2/account")
def get_account() -> dict[str, Any]:
    return {
        "account": {
            "droplet_limit": cloud().droplet_limit,
            "floating_ip_limit": cloud().reserved_ip_limit,
            "reserved_ip_limit": cloud().reserved_ip_limit,
            "volume_limit": 10,
            "email": cloud().email,
            "name": "Owner",
            "uuid": "b6fr89dbf6d9156cace5f3c78dc9851d957381ef",
            "email_verified": True,
            "status": "active",
            "status_message": "",
            "team": _TEAM,
        }
    }
