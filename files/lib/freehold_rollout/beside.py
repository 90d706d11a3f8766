"""The new ones start beside the old, are healthy, take the traffic; then the old ones drain.

In this order nothing is lost:

1. nginx takes connections as soon as it listens, so it is tried before, without a network.
2. webapp, worker and then nginx start beside those that serve. The second worker waits for the
   end of the first. Of two nginx each gets a part of the new connections (`reuseport`).
3. All are healthy: the link that nginx finds the webapp by is switched.
4. Docker, which asks at its own pace, finds them healthy too; else the link goes back.
5. The old ones are asked to stop. What still waits at an nginx's door goes to the other one
   (net.ipv4.tcp_migrate_req), and what it has begun, it ends. The webapp's door is closed when
   nobody is before it any more. Webapp and worker may stand by for a while first (standby.py).

Until the fifth step a fault, or being asked to end, removes what is new, and the old ones were
never stopped.
"""

import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGHUP

from freehold_host.trouble import Trouble
from freehold_rollout import engine, health, standby, traffic
from freehold_rollout.compose import TRIAL, Compose
from freehold_rollout.engine import Container

# What is replaced by one that starts beside it; the database is one, and has one volume.
BESIDE = ("nginx", "webapp", "worker")
# What a worker that is at work touches (files/analytics/src/analytics/worker.py).
WORKER_ALIVE = "/tmp/worker-alive"  # noqa: S108 - in the container's own tmpfs
# Docker is not asked more often: a small machine would be kept from starting what is waited for.
_ASK_DOCKER = 1.0
# How long a connection that nginx made just before the switch may take to be accepted.
_LAST_CONNECTIONS = 2.0
# How long nginx's old processes go on telling the old webapp of pages (keepalive_min_timeout).
_LAST_PAGES = 4.0


@dataclass
class Change:
    """The services that differ, from the first new container to the last old one."""

    compose: Compose
    sockets: Path
    old: list[Container]
    patience: float
    new: list[Container] = field(default_factory=list)
    drained: float = 0.0
    """When nobody is before the other webapp's door any more, by the monotonic clock."""

    def start(self, services: set[str], *, hurry: bool = False) -> None:
        """Run new ones beside the old; Trouble when one is no good, and then they are gone.

        + hurry: the worker, which no visitor waits for, need only run
        """
        before = {one.id for one in engine.containers()}
        try:
            if "nginx" in services:
                self._try_nginx()
            # Another nginx has visitors from its first moment, so it comes last.
            for group in (services & {"webapp", "worker"}, services & {"nginx"}):
                if group:
                    self._add(sorted(group), before, hurry=hurry)
        except BaseException as fault:
            added = self._added(before)
            told = health.complaints(added) if isinstance(fault, Trouble) else []
            engine.remove(added)
            if told:
                raise Trouble("\n".join([*told, str(fault)])) from None
            raise
        self.new += self._added(before)

    def switch(self) -> None:
        """The new webapp takes the traffic."""
        self._lead_to(self.new)

    def prove(self) -> None:
        """They take the traffic, and Docker finds them well, too.

        Else, or when this is cut off, the old ones serve again.
        """
        try:
            self.switch()
            for one in self.new:
                health.wait_until_healthy(one, self.patience)
        except BaseException:
            self._lead_to(self.old)
            self._drain()
            engine.remove(self.new)
            raise

    def finish(self, *, may_wait: bool) -> None:
        """The old ones end, or stand by where they may."""
        replaced = {one.service for one in self.new}
        old = [one for one in self.old if one.service in replaced]
        waiting: list[Container] = []
        if may_wait:
            # Then they end, as where they may not.
            with suppress(Trouble, OSError):
                waiting = standby.keep(old, self.new)
        if ending := [one for one in old if one not in waiting]:
            self._drain()
            engine.remove(ending)

    def _lead_to(self, chosen: list[Container]) -> None:
        for webapp in (one for one in chosen if one.service == "webapp"):
            traffic.send_to(self.sockets, webapp.host)
            pause = _LAST_CONNECTIONS
            if traffic.tells_of_pages(self.sockets, webapp.host):
                # Its processes are connected to the socket of the other one.
                reload_nginx()
                pause = _LAST_PAGES
            self.drained = time.monotonic() + pause

    def _drain(self) -> None:
        time.sleep(max(0.0, self.drained - time.monotonic()))

    def _added(self, before: set[str]) -> list[Container]:
        return [one for one in engine.containers() if one.id not in before]

    def _add(self, services: list[str], before: set[str], *, hurry: bool) -> None:
        there = Counter(one.service for one in engine.everyone())
        counts = {name: 1 + there[name] for name in services}
        self.compose.add(counts)
        for one in self._added(before):
            if one.service in services and not (hurry and one.service == "worker"):
                self._wait(one)

    def _wait(self, one: Container) -> None:
        """Healthy, in the words of Docker; webapp and worker are looked at here, and so at once.

        For Docker starts a program in the container, which where all is starting takes long.
        """
        asked = time.monotonic()

        def well() -> bool:
            nonlocal asked
            if one.service == "webapp" and traffic.is_well(self.sockets, one.host):
                return True
            if time.monotonic() - asked < _ASK_DOCKER:
                return False
            asked = time.monotonic()
            # It also tells of one that ends again and again.
            if health.is_healthy(one):
                return True
            return one.service == "worker" and engine.holds(one, WORKER_ALIVE)

        health.wait(well, self.patience, f"{one.name} did not become healthy", pause=0.2)

    def _try_nginx(self) -> None:
        _remove_trial()
        try:
            self.compose.try_apart("nginx")
            trial = Container(TRIAL, TRIAL, "nginx", "", "", 0, running=True)
            try:
                health.wait(
                    lambda: health.is_healthy(trial),
                    self.patience,
                    "The new nginx, tried without a network, did not become healthy",
                )
            except Trouble as trouble:
                raise Trouble(f"{health.last_lines(trial)}\n{trouble}".strip()) from None
        finally:
            _remove_trial()


def reload_nginx() -> None:
    """Have all that run read their configuration again."""
    for one in engine.containers():
        if one.service == "nginx" and one.running:
            engine.tell(one, SIGHUP)


def left_over(
    found: list[Container], sockets: Path, configurations: dict[str, str]
) -> list[Container]:
    """Those of which a run that was cut off has left one too many.

    Of two webapps the one that has the traffic stays, of others the one that is described.
    """
    too_many = []
    for service in BESIDE:
        ours = [one for one in found if one.service == service]
        if len(ours) < 2:
            continue
        if service == "webapp":
            host = traffic.in_use(sockets)
            kept = [one for one in ours if one.host == host]
        else:
            kept = [one for one in ours if engine.is_current(one, configurations[service])]
        # At a boot nobody may have the traffic yet, and what was stopped does not come again.
        stays = (kept or [one for one in ours if one.running] or ours)[0]
        too_many += [one for one in ours if one != stays]
    return too_many


def _remove_trial() -> None:
    engine.ask("DELETE", f"/containers/{TRIAL}?force=1")
