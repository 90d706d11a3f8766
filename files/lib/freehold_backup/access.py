"""Whom a backup lets in: also who was put out after it was made."""

from freehold_backup import database

_TOKENS = "SELECT id, name, coalesce(site, 'all sites'), scope FROM tokens ORDER BY id;"


def sign_out(name: str) -> None:
    """End all sessions and links in that database; the owner signs in again."""
    database.tell("DELETE FROM sessions; DELETE FROM login_links;", name)


def words() -> list[str]:
    """Of the restored database: who is let in, and how to put out whom it should not."""
    found = database.tell(_TOKENS, database.LIVE)
    signed_out = "All browsers are signed out of the statistics. To sign in: make dashboard"
    if not found:
        return [signed_out]
    return [
        signed_out,
        "These tokens are in force, also any that was revoked since that backup was made:",
        *(
            f"  {number}  {name} ({site}, {'sends events' if scope == 'events' else 'reads'})"
            for number, name, site, scope in found
        ),
        'To revoke one of them again: make analytics ARGS="token revoke ID"',
    ]
