"""What a machine must be before anything is done to it."""

from collections.abc import Callable

import pytest
from pyinfra.api.exceptions import DeployError

from deploys import base
from facts.machine import FirstBoot, Machine, MachineState
from facts.swap import FILE, Swap, SwapFile
from settings.model import Settings


class _Machine:
    """Stands for pyinfra's current host; the facts are those of a machine that is read."""

    name = "server"

    def __init__(
        self, lines: str, first_boot: str = "status: done", swap: int = 0, ipv6: str = "yes"
    ) -> None:
        self.lines, self.first_boot, self.said = f"{lines}\n{ipv6}\nnone", first_boot, ""
        self.swap = f"size {swap * 2**20}\nat boot\n{FILE} file 1 0 -2" if swap else ""

    def get_fact(self, fact: type) -> MachineState | Swap | str:
        if fact is FirstBoot:
            return FirstBoot().process([self.first_boot])
        if fact is SwapFile:
            return SwapFile().process(self.swap.splitlines())
        return Machine().process(self.lines.splitlines())

    def log(self, words: str) -> None:
        self.said += words


@pytest.fixture
def check(monkeypatch: pytest.MonkeyPatch) -> Callable[[_Machine], str]:
    def run(machine: _Machine) -> str:
        monkeypatch.setattr(base, "host", machine)
        base.check_the_machine(settings=Settings.model_construct(swap_megabytes=1024))
        return machine.said

    return run


def test_a_fresh_droplet_is_fine(check: Callable[[_Machine], str]) -> None:
    assert check(_Machine("debian 13\n966\n  22000\nno")) == ""


def test_another_system_is_refused(check: Callable[[_Machine], str]) -> None:
    with pytest.raises(DeployError, match=r"server runs ubuntu 24\.04.*debian-13-x64"):
        check(_Machine("ubuntu 24.04\n966\n22000\nno"))


@pytest.mark.parametrize(
    ("swap", "free", "docker", "needed"),
    [
        (0, 4000, "no", 4024),
        (1024, 2999, "no", 3000),
        (1024, 120, "yes", 500),
        # Another size is made beside the one that there is.
        (256, 1500, "yes", 1524),
    ],
)
def test_a_full_disk_is_refused(
    check: Callable[[_Machine], str], swap: int, free: int, docker: str, needed: int
) -> None:
    with pytest.raises(DeployError, match=rf"{free} MB of disk left and {needed} MB.*make ssh"):
        check(_Machine(f"debian 13\n966\n{free}\n{docker}", swap=swap))


def test_a_kernel_without_ipv6_is_refused(check: Callable[[_Machine], str]) -> None:
    with pytest.raises(DeployError, match=r"server has no IPv6.*ipv6\.disable=1.*update-grub"):
        check(_Machine("debian 13\n966\n22000\nno", ipv6="no"))


def test_a_host_in_use_needs_less(check: Callable[[_Machine], str]) -> None:
    assert check(_Machine("debian 13\n966\n600\nyes", swap=1024)) == ""


def test_an_error_of_the_first_boot_is_said(check: Callable[[_Machine], str]) -> None:
    machine = _Machine("debian 13\n966\n22000\nno", first_boot="status: error")
    assert "cloud-init status --long" in check(machine)
