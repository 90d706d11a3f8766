"""Debian's updates: whether they are looked for, and which wait."""

import re
import subprocess
import time
from typing import Any

from freehold_host import memory
from freehold_host.rows import Row
from freehold_host.trouble import Trouble
from freehold_status import ages
from freehold_status.config import Config

# The timers are daily, and a machine may be off for a night.
_LOOKED = 3 * ages.DAY
_WAITED = 3 * ages.DAY
_UPGRADE = re.compile(r"^Inst (?P<name>\S+) \[.*?\] \(\S+ (?P<origin>[^)]*)\)", re.MULTILINE)


def row(config: Config) -> Row:
    """All that there is to say of them."""
    try:
        known = _waiting(config)
    except Trouble as trouble:
        advice = "make ssh, and there: apt-get --simulate dist-upgrade"
        return Row("updates", "warning", str(trouble), advice)
    looked = min(
        (age for age in map(ages.of, _stamps(config)) if age is not None), default=float("inf")
    )
    count, safety = known["count"], known["security"]
    text = f"{count} wait, {safety} of them for security" if count else "none waits"
    if looked > _LOOKED:
        text = "nobody has ever looked for them."
        if looked < float("inf"):
            text = f"nobody has looked for them for {ages.words(looked)}."
        advice = "make ssh, and there: systemctl status apt-daily.service"
        return Row("updates", "warning", text, advice)
    waited = time.time() - known["since"]
    if safety and waited > _WAITED:
        text += f", the first for {ages.words(waited)}: they don't install themselves."
        return Row("updates", "warning", text, "make ssh, and there: unattended-upgrade --verbose")
    if safety:
        text += "; those install themselves"
    return Row("updates", "ok", text)


def _stamps(config: Config) -> tuple[Any, ...]:
    # The timer's, which it touches when it succeeded, and what any `apt-get update` replaces.
    apt = config.root / "var/lib/apt"
    return apt / "periodic/update-stamp", apt / "lists"


def _waiting(config: Config) -> dict[str, Any]:
    """How many wait, and since when one for security does.

    apt is asked only when its lists or the packages are others than before: it takes a second.
    """
    sources = (config.root / "var/lib/apt/lists", config.root / "var/lib/dpkg/status")
    of = [path.stat().st_mtime for path in sources]
    known = memory.load(config.state, "updates")
    if known.get("of") == of:
        return known
    found = _asked()
    since = known.get("since", 0) if known.get("security") and found["security"] else time.time()
    known = {"of": of, "since": since, **found}
    memory.store(config.state, "updates", known)
    return known


def _asked() -> dict[str, int]:
    asked = subprocess.run(
        ["apt-get", "--simulate", "--quiet=2", "-o", "Debug::NoLocking=true", "dist-upgrade"],
        capture_output=True,
        text=True,
        check=False,
    )
    if asked.returncode:
        said = asked.stderr.strip().splitlines() or ["it said nothing"]
        raise Trouble(f"apt can't say which wait: {said[-1]}")
    return parsed(asked.stdout)


def parsed(said: str) -> dict[str, int]:
    """How many upgrades apt would make, and how many are for security."""
    found = list(_UPGRADE.finditer(said))
    security = [one for one in found if "Debian-Security" in one["origin"]]
    return {"count": len(found), "security": len(security)}
