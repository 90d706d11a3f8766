"""Whatever goes wrong at Digital Ocean, and wherever a run is cut off: one clean run mends it."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from digitalocean.errors import CloudError
from tests.digitalocean.ocean_lab import FULL, CutClient, CutOffError, Ocean, ocean

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
    cut_before: int
    cut_after: int


KINDS = (
    *("too-many-requests", "server-error", "bad-gateway", "server-error-after"),
    *("bad-gateway-after", "cut-before", "cut-after", "action-errors", "no-public-address"),
    *("private-address-first", "reserved-address-first", "listing-lags", "tag-lags"),
)
PATHS = ("*", "/v2/droplets", "/v2/reserved_ips*", "*/records*", "/v2/firewalls*", "/v2/uptime*")
TROUBLES = st.builds(
    Trouble,
    kind=st.sampled_from(KINDS),
    method=st.sampled_from(["POST", "POST", "POST", "GET", "*"]),
    path=st.sampled_from(PATHS),
    after=st.integers(0, 6),
    cut_before=st.one_of(st.just(0), st.integers(1, 40)),
    cut_after=st.one_of(st.just(0), st.integers(1, 40)),
)


def _one_run(account: Ocean, trouble: Trouble) -> None:
    account.order(
        trouble.kind,
        method=trouble.method,
        path=trouble.path,
        after=trouble.after,
        seconds=5,
    )
    client = CutClient(account.url, FULL, before=trouble.cut_before, after=trouble.cut_after)
    with suppress(CloudError, CutOffError):
        account.run(client)


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
