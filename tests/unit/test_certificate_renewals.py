"""The host's certificate program, after certbot's timer: whose failure it is."""

from pathlib import Path

import pytest

from freehold_certificate import memory, order, reach
from freehold_certificate.config import Config
from freehold_certificate.memory import Memory
from freehold_host.trouble import Trouble
from tests.unit.certificate_lab import OTHERS, alone, config, lineage, log, program
from tests.unit.settings_lab import DAY, NOW


@pytest.fixture
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    alone(monkeypatch)


def test_what_certbot_could_not_renew_of_others_is_no_failure_of_ours(
    tmp_path: Path, quiet: None
) -> None:
    host = lineage(tmp_path)
    log(host, OTHERS)
    order.renewed(host, print, succeeded=False)
    assert memory.recall(host) == Memory()


def test_a_renewal_that_failed_is_told_in_its_own_words_and_with_the_records(
    tmp_path: Path, quiet: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = lineage(tmp_path, end=NOW + 10 * DAY)
    log(host, f"Failed to renew certificate freehold with error: It is late.\n{OTHERS}")
    monkeypatch.setattr(reach, "faults", lambda _: ["blog.test has no A or AAAA record."])
    with pytest.raises(Trouble, match=r"It is late\. blog\.test has no A or AAAA record\."):
        order.renewed(host, print, succeeded=False)
    assert memory.recall(host).why == "It is late. blog.test has no A or AAAA record."


def test_dns_that_does_not_answer_hides_no_failure(
    tmp_path: Path, quiet: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(_: Config) -> list[str]:
        raise Trouble("DNS did not say.")

    host = lineage(tmp_path, end=NOW + 10 * DAY)
    log(host, "Failed to renew certificate freehold with error: It is late.")
    monkeypatch.setattr(reach, "faults", silent)
    with pytest.raises(Trouble, match=r"It is late\. DNS did not say\."):
        order.renewed(host, print, succeeded=False)


def test_a_first_order_is_made_again_whatever_certbot_could_not_renew(
    tmp_path: Path, quiet: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = config(tmp_path)
    log(host, OTHERS)
    program(tmp_path, "certbot", f": >{host.log}; echo 'Failed: of ours.'; exit 1", monkeypatch)
    with pytest.raises(Trouble, match=r"Failed: of ours\."):
        order.renewed(host, print, succeeded=False)


BUSY = "Another instance of Certbot is already running."


def test_an_order_while_another_certbot_runs_is_no_failure(
    tmp_path: Path, quiet: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = config(tmp_path)
    log(host, "2026-11-27 18:00:14,123:DEBUG:certbot._internal.main:certbot version: 4.0.0")
    program(tmp_path, "certbot", f"echo '{BUSY}' >&2; exit 1", monkeypatch)
    with pytest.raises(Trouble, match="Another certbot is at work"):
        order.issue(host, print)
    assert memory.recall(host) == Memory()


def test_a_renewal_while_another_certbot_runs_is_no_failure(
    tmp_path: Path, quiet: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = lineage(tmp_path, end=NOW + 10 * DAY)
    log(host, "2026-11-27 18:00:14,123:DEBUG:certbot._internal.main:certbot version: 4.0.0")
    program(tmp_path, "journalctl", f"echo \"$*\" | grep -q =abc && echo '{BUSY}'", monkeypatch)
    monkeypatch.setenv("INVOCATION_ID", "abc")
    order.renewed(host, print, succeeded=False)
    assert memory.recall(host) == Memory()
