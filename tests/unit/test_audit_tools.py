"""What is read out of the words of each tool. The words are the tools' own, cut short."""

import json

import pytest

from audit.docker_rules import CONTAINER
from audit.finding import AuditError, Finding
from audit.tools import (
    docker,
    hadolint,
    lynis,
    nmap,
    observatory,
    outdated,
    pip_audit,
    ssh_audit,
    sslyze,
    testssl,
    yamllint,
)


def test_ssh_audit_warnings_and_failures() -> None:
    said = {
        "banner": {"software": "OpenSSH_10.0p2"},
        "cves": [],
        "kex": [
            {"algorithm": "mlkem768x25519-sha256", "notes": {"info": ["since OpenSSH 9.9"]}},
            {
                "algorithm": "curve25519-sha256",
                "notes": {
                    "info": ["default key exchange from OpenSSH 7.4 to 8.9"],
                    "warn": ["does not provide protection against post-quantum attacks"],
                },
            },
        ],
        "key": [{"algorithm": "ssh-ed25519", "notes": {"info": ["since OpenSSH 6.5"]}}],
        "enc": [],
        "mac": [{"algorithm": "hmac-sha1", "notes": {"fail": ["using broken SHA-1"]}}],
    }

    assert ssh_audit.findings(json.dumps(said)) == [
        Finding(
            "kex curve25519-sha256",
            "key exchange: does not provide protection against post-quantum attacks",
        ),
        Finding("mac hmac-sha1", "MAC: using broken SHA-1"),
    ]


HADOLINT = (
    '[{"code":"SC1007","column":1,"file":"files/analytics/Dockerfile","level":"warning","line":18,'
    '"message":"Remove space after = if trying to assign a value."}]'
)


def test_hadolint() -> None:
    assert hadolint.findings(HADOLINT) == [
        Finding(
            "SC1007 files/analytics/Dockerfile",
            "line 18: Remove space after = if trying to assign a value.",
        )
    ]


def test_yamllint() -> None:
    said = (
        "./a/b.yml:3:121: [error] line too long (130 > 120 characters) (line-length)\n"
        "c.yml:1:1: [error] syntax error: could not find expected ':'\n"
    )

    assert [one.id for one in yamllint.findings(said)] == ["line-length a/b.yml", "syntax c.yml"]


def test_lynis_tells_the_same_test_apart_by_its_detail() -> None:
    report = (
        "warning[]=MAIL-8818|Found some information disclosure in SMTP banner|-|-|\n"
        "suggestion[]=SSH-7408|Consider hardening SSH|LogLevel (set INFO to VERBOSE)|-|\n"
        "suggestion[]=SSH-7408|Consider hardening SSH|Port (set 22 to )|-|\n"
        "hardening_index=72\n"
    )

    assert [one.id for one in lynis.findings(report)] == [
        "warning MAIL-8818",
        "suggestion SSH-7408 LogLevel (set INFO to VERBOSE)",
        "suggestion SSH-7408 Port (set 22 to )",
        "index",
    ]
    assert lynis.findings("hardening_index=85\n") == []


def test_lynis_that_was_cut_off() -> None:
    with pytest.raises(AuditError, match="did not come to its end"):
        lynis.findings("suggestion[]=SSH-7408|Consider|-|-|\n")


NMAP = """<?xml version="1.0"?><nmaprun scanner="nmap">
<host><status state="up"/><address addr="198.18.1.1" addrtype="ipv4"/><ports>
<extraports state="filtered" count="65532"></extraports>
<port protocol="tcp" portid="22"><state state="open" reason="syn-ack"/></port>
<port protocol="tcp" portid="113"><state state="closed" reason="reset"/></port>
<port protocol="tcp" portid="8000"><state state="open" reason="syn-ack"/></port>
</ports></host>
<runstats><finished time="1" exit="success"/><hosts up="1" down="0" total="1"/></runstats>
</nmaprun>"""


def test_nmap_names_what_is_open_and_should_not_be_and_the_reverse() -> None:
    opened = nmap.open_ports(NMAP)

    assert opened == {"22/tcp", "8000/tcp"}
    assert nmap.findings(opened, {"22/tcp", "80/tcp"}, "over IPv4") == [
        Finding("8000/tcp over IPv4", "is open"),
        Finding("80/tcp over IPv4", "is not open"),
    ]
    assert not nmap.findings({"443/udp"}, set(), "over IPv4", silent=frozenset({"443/udp"}))
    assert not nmap.findings(set(), set(), "over IPv4", silent=frozenset({"443/udp"}))


@pytest.mark.parametrize("words", ["", NMAP.replace("success", "error"), NMAP[:200]])
def test_nmap_that_did_not_finish(words: str) -> None:
    with pytest.raises(AuditError, match="did not come to its end"):
        nmap.open_ports(words)


def test_the_observatory() -> None:
    good = {"pass": True, "result": "x-frame-options-implemented-via-csp", "scoreModifier": 5}
    bad = {"pass": False, "result": "hsts-not-implemented", "scoreModifier": -20}
    said = {"scan": {"grade": "B", "score": 80}, "tests": {"x-frame": good, "hsts": bad}}

    assert observatory.findings(json.dumps(said)) == [
        Finding("hsts hsts-not-implemented", "-20 points"),
        Finding("grade", "B, not A+"),
    ]
    with pytest.raises(AuditError, match="seems to be down"):
        observatory.findings('{"error":"The site seems to be down."}')


def test_pip_audit() -> None:
    weak = {
        "name": "jinja2",
        "version": "2.4.1",
        "vulns": [{"id": "PYSEC-2014-8", "fix_versions": ["2.7.2"], "aliases": []}],
    }
    unknown = {"name": "flask", "skip_reason": "Dependency not found on PyPI"}
    said = json.dumps({"dependencies": [weak, unknown, {"name": "x", "vulns": []}], "fixes": []})

    assert pip_audit.findings(said) == [Finding("PYSEC-2014-8 jinja2", "2.4.1; mended in 2.7.2")]
    assert pip_audit.unanswered(said) == 1


def test_pip_itself_is_no_requirement() -> None:
    said = json.dumps(
        [
            {"name": "pip", "version": "23.2.1", "latest_version": "26.3"},
            {"name": "paramiko", "version": "4.0.0", "latest_version": "5.1.0"},
        ]
    )

    assert outdated.newer(said) == ["paramiko 4.0.0: there is 5.1.0"]


SSLYZE = """
 COMPLIANCE AGAINST TLS CONFIGURATION
 ------------------------------------

    Checking results against Mozilla's "intermediate" configuration.

"""


def test_sslyze() -> None:
    ok = SSLYZE + "    blog.test:443: OK - Compliant.\n"
    failed = SSLYZE + (
        "    blog.test:443: FAILED - Not compliant.\n"
        "        * tls_versions: TLS versions {'TLSv1.1'} are supported, but should be rejected.\n"
    )

    assert sslyze.findings(ok) == []
    assert [one.id for one in sslyze.findings(failed)] == ["tls_versions"]
    with pytest.raises(AuditError, match="compared nothing"):
        sslyze.findings("Could not connect")


TESTSSL = json.dumps(
    [
        {"id": "TLS1_3", "severity": "OK", "finding": "offered with final"},
        {"id": "cert_chain_of_trust", "severity": "CRITICAL", "finding": "failed (self signed)."},
        {"id": "final_score", "severity": "INFO", "finding": "0"},
        {"id": "overall_grade", "severity": "CRITICAL", "finding": "T"},
    ]
)


def test_testssl() -> None:
    assert testssl.grade(TESTSSL) == "T, 0"
    assert [one.id for one in testssl.findings(TESTSSL)] == [
        "critical cert_chain_of_trust",
        "critical overall_grade",
    ]
    with pytest.raises(AuditError, match="did not come to a grade"):
        testssl.grade("[]")


def test_a_service_that_does_not_run_is_a_finding() -> None:
    info = {"Driver": "overlay2", "LoggingDriver": "local", "ExperimentalBuild": True}
    daemon = {"settings": {}, "info": info, "partition": True, "auditd": True, "loose": []}
    read = {"daemon": daemon | {"content_trust": True}, "images": {}, "containers": {}}
    found = {one.id for one in docker.findings(read)}
    assert {"missing db", "missing nginx", "missing webapp", "missing worker"} <= found


@pytest.mark.parametrize(
    ("kernel", "holds"),
    [
        ("docker-default (enforce)", True),
        ("docker-default (complain)", False),
        ("unconfined", False),
        ("", False),
    ],
)
def test_a_container_is_confined_when_the_kernel_says_so(kernel: str, holds: bool) -> None:
    rule = next(rule for rule in CONTAINER if rule.id == "5.2")
    named = {"AppArmorProfile": "docker-default", "Confinement": kernel}
    assert rule.holds(named) is holds
