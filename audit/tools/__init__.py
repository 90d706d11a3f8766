"""The tools, in the order in which the table names them."""

from collections.abc import Callable
from dataclasses import dataclass

from audit.finding import Outcome
from audit.target import Target
from audit.tools import (
    docker,
    gixy,
    hadolint,
    lynis,
    nmap,
    observatory,
    outdated,
    pip_audit,
    ruff,
    shellcheck,
    ssh_audit,
    sslyze,
    testssl,
    yamllint,
)


@dataclass(frozen=True)
class Tool:
    """`asks` says in a few words what it judges."""

    name: str
    asks: str
    run: Callable[[Target], Outcome]


TOOLS = [
    Tool("ssh-audit", "SSH: key exchange, ciphers, host keys", ssh_audit.run),
    Tool("sslyze", "TLS, by Mozilla's intermediate profile", sslyze.run),
    Tool("testssl.sh", "TLS: protocols, ciphers, certificate, known attacks", testssl.run),
    Tool("HTTP Observatory", "headers, redirects, cookies, by Mozilla's rules", observatory.run),
    Tool("nmap", "all TCP ports and the usual UDP ones, IPv4 and IPv6", nmap.run),
    Tool("Lynis", "the host from inside", lynis.run),
    Tool("CIS Docker Benchmark", "Docker's daemon, images and containers", docker.run),
    Tool("gixy-ng", "nginx's configuration as it is in force", gixy.run),
    Tool("hadolint", "the Dockerfile", hadolint.run),
    Tool("ruff S", "Python, by the rules of bandit", ruff.run),
    Tool("yamllint", "YAML", yamllint.run),
    Tool("shellcheck", "shell scripts", shellcheck.run),
    Tool("pip-audit", "known weaknesses of the Python requirements", pip_audit.run),
    Tool("pip", "what is out of date of the Python requirements", outdated.run),
]
