"""Orders by certbot, and what its words mean."""

import os
import re
import subprocess
from datetime import UTC, datetime, timedelta

from freehold_certificate.config import LINEAGE, Config

LETSENCRYPT = "https://acme-v02.api.letsencrypt.org/directory"
STAGING = "https://acme-staging-v02.api.letsencrypt.org/directory"
# In certbot's words.
_KEY_TYPES = {
    "ecdsa-p256": ("ecdsa", "--elliptic-curve", "secp256r1"),
    "ecdsa-p384": ("ecdsa", "--elliptic-curve", "secp384r1"),
    "rsa-2048": ("rsa", "--rsa-key-size", "2048"),
}
HOOK = "/usr/local/sbin/freehold-certificate deployed"


def renewal(config: Config) -> dict[str, str]:
    """What certbot has written down about how the certificate was got."""
    try:
        text = config.renewal.read_text()
    except OSError:
        return {}
    return dict(re.findall(r"^(\w+) = (.*)$", text, re.MULTILINE))


def is_of(config: Config) -> bool:
    """Whether it was got of the authority, and by the profile, that the settings name."""
    known = renewal(config)
    return (
        known.get("server", "") == config.server
        and known.get("preferred_profile", "") == config.profile
    )


def command(config: Config, *, rehearsal: bool = False, force: bool = False) -> list[str]:
    """The order for all names, or its rehearsal, which certbot takes to the staging server."""
    contact = ["--email", config.email] if config.email else ["--register-unsafely-without-email"]
    profile = ["--preferred-profile", config.profile] if config.profile else []
    names = [word for name in config.names for word in ("--domain", name)]
    return [
        *("certbot", "certonly", "--non-interactive", "--agree-tos", *contact),
        *("--cert-name", LINEAGE, *names, "--server", config.server, *profile),
        *("--webroot", "--webroot-path", str(config.webroot)),
        *("--key-type", *_KEY_TYPES[config.key_type]),
        # Also when a name is no longer among them.
        "--renew-with-new-domains",
        "--force-renewal" if force else "--keep-until-expiring",
        # Certbot goes by the address, and keeps a real one from a test that the settings name.
        *(["--break-my-certs"] if "staging" in config.server else []),
        *(["--dry-run"] if rehearsal else ["--deploy-hook", HOOK]),
    ]


def run(config: Config, arguments: list[str]) -> tuple[bool, str]:
    """Whether certbot succeeded, and all that it said, its log of this run included."""
    trust = {"REQUESTS_CA_BUNDLE": str(config.authority)} if config.authority.exists() else {}
    done = subprocess.run(
        arguments,
        env=os.environ | trust,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode == 0, f"{done.stdout}\n{done.stderr}\n{logged(config)}"


def logged(config: Config) -> str:
    """The log of certbot's last run, for it begins a new one at each start."""
    try:
        return config.log.read_bytes().decode("utf-8", "replace")
    except OSError:
        return ""


def said_by_timer(config: Config) -> str:
    """What the run of certbot's timer that has just ended said.

    Called by systemd after it.
    """
    unit = os.environ.get("INVOCATION_ID")
    if unit:
        asked = ["journalctl", "--quiet", "--output=cat", f"_SYSTEMD_INVOCATION_ID={unit}"]
        done = subprocess.run(asked, capture_output=True, text=True, check=False)
        if is_busy(done.stdout):
            # Without a log of its own: the last one is the other's.
            return done.stdout
    return logged(config)


def is_busy(said: str) -> bool:
    """Whether another certbot was at work, and this one did nothing."""
    return "Another instance of Certbot is already running" in said


def reason(said: str) -> str:
    """Why an order failed, in the authority's own words where it had any."""
    problems = re.findall(
        r"^\s*Domain:\s*(\S+)\s+Type:\s*\S+\s+Detail:\s*(.+)$", said, re.MULTILINE
    )
    if problems:
        return " ".join(dict.fromkeys(f"{name}: {detail.strip()}" for name, detail in problems))
    for pattern in (
        r"An unexpected error occurred:\n(.+)",
        # Others on the host may have failed with it.
        rf"Failed to renew certificate {LINEAGE} with error: (.+)",
        r"Failed to renew certificate \S+ with error: (.+)",
    ):
        found = re.findall(pattern, said)
        if found:
            return _plain(found[-1])
    # Not what it logs of how it works.
    spoken = re.split(r"^[-\d]{10} [:,\d]+:DEBUG:", said, maxsplit=1, flags=re.MULTILINE)[0]
    lines = [line.strip() for line in spoken.splitlines() if line.strip()]
    return lines[0] if lines else "certbot said nothing."


def _plain(text: str) -> str:
    """In words that are about the authority, where Python's are about a connection."""
    # acme.client's own words are those after "Requesting".
    refused = re.search(r"Requesting \S+: (.+)|\[Errno -?\d+\] ([\w ]+)", text)
    if refused or re.search(r"ConnectionPool|Timeout|ConnectionError", text):
        how = (refused[1] or refused[2]) if refused else "no connection"
        if "CERTIFICATE_VERIFY_FAILED" in text:
            how = "its own certificate is not trusted here: acme_ca names who vouches for it"
        return f"The authority does not answer ({how})."
    # Python's class of the error.
    return re.sub(r"^[\w.]+(Error|Exception): ", "", text.strip())


def again_at(said: str, now: datetime) -> datetime | None:
    """When the authority itself says to come back."""
    # Let's Encrypt's own words, https://letsencrypt.org/docs/rate-limits/
    named = re.findall(r"retry after (\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d)", said)
    if named:
        return datetime.fromisoformat(named[-1]).replace(tzinfo=UTC)
    if "rateLimited" not in said:
        return None
    seconds = re.findall(r"^Retry-After: (\d+)\s*$", said, re.MULTILINE | re.IGNORECASE)
    return now + timedelta(seconds=int(seconds[-1])) if seconds else None


def is_unlucky(said: str) -> bool:
    """Whether it failed for a nonce that was used up, which costs nothing and says nothing."""
    # Not what the log has of a request that certbot then repeated: only what it ended with.
    ends = re.findall(
        r"^acme\.messages\.Error: urn:ietf:params:acme:error:(\w+)", said, re.MULTILINE
    )
    return bool(ends) and ends[-1] == "badNonce"


def account_is_lost(said: str) -> bool:
    """Whether the authority does not know the account that certbot has with it."""
    # The second: what an earlier run has put aside, and the renewal's own file still names.
    return "accountDoesNotExist" in said or bool(re.search(r"Account at \S+ does not exist", said))


def forget_account(config: Config, server: str) -> None:
    """Have certbot register anew with the server; the account that it had is kept aside."""
    host, _, path = server.removeprefix("https://").partition("/")
    known = config.letsencrypt / "accounts" / host / path
    if known.exists():
        aside = config.letsencrypt / "accounts-unknown" / f"{datetime.now(UTC):%Y%m%dT%H%M%S}"
        aside.mkdir(mode=0o700, parents=True)
        known.rename(aside / known.name)
