"""Whatever goes wrong at Digital Ocean, and wherever a run is cut off: one clean run mends it."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from digitalocean.errors import CloudError
from digitalocean.notes import COUNTS_FOR
from tests.digitalocean.ocean_lab import CLOCK, FULL, CutClient, CutOffError, Ocean, ocean

# As issue 7 has it.
MOST_REQUESTS = 12
WHOLE = {
    **{"keys": 1, "droplets": 1, "firewalls": 1, "reserved_ips": 1, "checks": 1, "alerts": 2},
    **{"TXT _freehold.blog": 1, "A blog": 1, "AAAA blog": 1, "CAA blog": 1},
    **{"A www.blog": 1, "AAAA www.blog": 1},
}


@dataclass(frozen=True)
class Trouble:
    """A run with one misbehaviour of the other side, perhaps cut off."""

    kind: str
    method: str
    path: str
    after: int
    lag: float
    cut_before: int
    cut_after: int


KINDS = (
    *("too-many-requests", "server-error", "bad-gateway", "server-error-after"),
    *("bad-gateway-after", "cut-before", "cut-after", "action-errors", "no-public-address"),
    *("private-address-first", "reserved-address-first", "listing-lags", "tag-lags"),
)
LAGS = ("listing-lags", "tag-lags")
PATHS = ("*", "/v2/droplets", "/v2/reserved_ips*", "*/records*", "/v2/firewalls*", "/v2/uptime*")
TROUBLES = st.builds(
    Trouble,
    kind=st.sampled_from(KINDS),
    method=st.sampled_from(["POST", "POST", "POST", "GET", "*"]),
    path=st.sampled_from(PATHS),
    after=st.integers(0, 6),
    # Up to what is called the longest, less what a few requests beside it may take.
    lag=st.sampled_from([5.0, 60.0, COUNTS_FOR - 25]),
    cut_before=st.one_of(st.just(0), st.integers(1, 40)),
    cut_after=st.one_of(st.just(0), st.integers(1, 40)),
)


def _one_run(account: Ocean, trouble: Trouble) -> None:
    account.order(
        trouble.kind,
        method=trouble.method,
        path=trouble.path,
        after=trouble.after,
        seconds=trouble.lag if trouble.kind in LAGS else 5,
    )
    client = CutClient(account.url, FULL, before=trouble.cut_before, after=trouble.cut_after)
    with suppress(CloudError, CutOffError):
        account.run(client)


@pytest.mark.slow
@given(troubles=st.lists(TROUBLES, min_size=1, max_size=4))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_after_any_trouble_one_clean_run_ends_in_exactly_one_of_everything(
    troubles: list[Trouble],
) -> None:
    with TemporaryDirectory() as folder, ocean(Path(folder)) as account:
        for trouble in troubles:
            _one_run(account, trouble)
        account.behave()
        account.run()
        assert account.things() == WHOLE
        account.asked()
        assert account.run() == []
        asked = account.asked()
        assert len(asked) <= MOST_REQUESTS
        assert all(one.startswith("GET ") for one in asked)


class CutAtTheAnswer(CutClient):
    """A client whose run ends when a droplet was asked for, and the answer is on its way."""

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = super().post(path, body)
        if path == "/v2/droplets":
            raise CutOffError
        return answer


@pytest.mark.parametrize("lag", [30, 60, 110])
@pytest.mark.parametrize("client", [CutClient, CutAtTheAnswer])
def test_a_list_that_lags_long_leads_to_no_second_droplet(
    tmp_path: Path, lag: int, client: type[CutClient]
) -> None:
    with ocean(tmp_path) as account:
        account.order("listing-lags", method="POST", path="/v2/droplets", seconds=lag)
        if client is CutClient:
            account.order("cut-after", method="POST", path="/v2/droplets")
        with suppress(CutOffError):
            account.run(client(account.url, FULL))
        account.run()
        assert account.things() == WHOLE
        if lag > 30:
            assert any("in no list yet for" in one for one in account.said)


def test_what_was_never_made_is_asked_for_again_when_that_is_certain(tmp_path: Path) -> None:
    with ocean(tmp_path) as account:
        account.order("cut-before", method="POST", path="/v2/droplets")
        account.run()
        assert account.things() == WHOLE
        assert CLOCK.waited >= COUNTS_FOR
