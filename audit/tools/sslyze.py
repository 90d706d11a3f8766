"""SSLyze: the TLS that is served, compared with Mozilla's intermediate recommendation."""

import re

from audit.finding import AuditError, Finding, Outcome
from audit.running import TOOLS, start, version_of
from audit.target import Target

# " * Certificate - Trusted: …" in its report of what differs.
_DIFFERENCE = re.compile(r"^\s+\* (?P<what>[^:]+): (?P<text>.+)$", re.MULTILINE)


def findings(output: str) -> list[Finding]:
    """Where the server differs; raises AuditError when nothing was compared."""
    _, _, compared = output.partition("COMPLIANCE AGAINST TLS CONFIGURATION")
    if "OK - Compliant" in compared:
        return []
    found = [Finding(one["what"], one["text"]) for one in _DIFFERENCE.finditer(compared)]
    if "FAILED - Not compliant" not in compared or not found:
        raise AuditError(f"sslyze compared nothing: {output[-1500:]}")
    return found


def run(target: Target) -> Outcome:
    """Connect under the site's name, whatever that name resolves to here."""
    where = f"{target.domain}:{target.https}{{{target.address}}}"
    options = ("--mozilla_config=intermediate", f"--certinfo_ca_file={target.authorities}")
    found = findings(start([TOOLS / "sslyze", *options, where], codes=(0, 1)))
    return Outcome(
        version=version_of("sslyze"),
        command="sslyze --mozilla_config=intermediate --certinfo_ca_file=FILE HOST:443",
        headline="compliant" if not found else "not compliant",
        findings=found,
    )
