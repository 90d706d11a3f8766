"""What is asked again and what never, how long is waited, and what nobody gets to see."""

import threading
import time
from collections.abc import Iterator
from functools import partial
from http.server import HTTPServer, SimpleHTTPRequestHandler
from pathlib import Path

import pytest

from digitalocean.client import Client
from digitalocean.errors import CloudError, RefusedError, UnreachableError, UnsureError
from digitalocean.limits import A_MINUTE, Limits
from digitalocean.token import NoTokenError, Token, token
from tests.digitalocean.ocean_lab import FULL, Ocean, ocean


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ocean]:
    with ocean(tmp_path_factory.mktemp("ocean")) as made:
        yield made


@pytest.fixture
def waits(account: Ocean) -> list[float]:
    account.behave()
    account.asked()
    return []


@pytest.fixture
def client(account: Ocean, waits: list[float]) -> Client:
    return Client(Token(FULL, "the test"), account.url, sleep=waits.append)


TAG = {"name": "freehold"}


def test_what_reads_is_asked_again_with_growing_waits(
    account: Ocean, client: Client, waits: list[float]
) -> None:
    account.order("server-error", times=2)
    account.order("bad-gateway", after=0)
    account.order("cut-before")
    assert client.get("/v2/account")["account"]["status"] == "active"
    assert waits == [1.0, 2.0, 4.0, 8.0]


def test_retry_after_is_heeded(account: Ocean, client: Client, waits: list[float]) -> None:
    account.order("too-many-requests", seconds=7)
    client.get("/v2/account")
    assert waits == [7.0]


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_long_wait_is_told_and_not_among_the_results(
    account: Ocean, client: Client, capsys: pytest.CaptureFixture[str], method: str
) -> None:
    account.order("too-many-requests", method=method, seconds=4)
    account.order("too-many-requests", method=method, seconds=189)
    client.get("/v2/account") if method == "GET" else client.post("/v2/tags", TAG)
    said = capsys.readouterr()
    assert said.out == ""
    (line,) = said.err.splitlines()
    assert "again in 189 s: it answered 429" in line


def test_a_wait_for_the_hours_limit_is_told(
    account: Ocean, client: Client, capsys: pytest.CaptureFixture[str], waits: list[float]
) -> None:
    soon = {"ratelimit-remaining": "1", "ratelimit-reset": f"{time.time() + 189}"}
    client._limits.heard(soon)
    client.get("/v2/account")
    (waited,) = waits
    assert f"in {waited:.0f} s: its limit of requests is near" in capsys.readouterr().err


def test_a_wait_that_is_too_long_is_told_instead(
    account: Ocean, client: Client, waits: list[float]
) -> None:
    account.order("too-many-requests", seconds=1800)
    with pytest.raises(CloudError, match="30 minutes"):
        client.get("/v2/account")
    assert waits == []


def test_who_never_answers_is_given_up(account: Ocean, client: Client, waits: list[float]) -> None:
    account.order("server-error", times=99)
    with pytest.raises(UnreachableError, match="did not answer GET /v2/account"):
        client.get("/v2/account")
    assert len(account.asked()) == len(waits) + 1 == 6


@pytest.mark.parametrize(
    "kind",
    [*("server-error", "bad-gateway", "cut-before"), *("server-error-after", "cut-after")],
)
def test_what_makes_something_is_never_sent_again_blindly(
    account: Ocean, client: Client, waits: list[float], kind: str
) -> None:
    account.order(kind, method="POST")
    with pytest.raises(UnsureError):
        client.post("/v2/tags", TAG)
    assert waits == []
    assert [one for one in account.asked() if one.startswith("POST")] in ([], ["POST /v2/tags"])


def test_what_was_surely_not_done_is_sent_again(
    account: Ocean, client: Client, waits: list[float]
) -> None:
    account.order("too-many-requests", method="POST", seconds=3)
    assert client.post("/v2/tags", TAG)["tag"]["name"] == "freehold"
    assert waits == [3.0]


def test_what_is_gone_already_is_gone(client: Client) -> None:
    client.delete("/v2/droplets/1")


def test_a_long_list_is_read_to_its_end(account: Ocean, client: Client) -> None:
    for number in range(205):
        client.post("/v2/tags", {"name": f"tag-{number}"})
    names = [one["name"] for one in client.pages("/v2/tags", "tags")]
    assert len({*names}) == len(names) >= 205
    assert sum(one == "GET /v2/tags" for one in account.asked()) == 2


def test_what_is_no_api_is_said_to_be_none(tmp_path: Path) -> None:
    (tmp_path / "v2").write_text("<h1>Sign in to the hotel's network</h1>")
    handler = partial(SimpleHTTPRequestHandler, directory=str(tmp_path))
    with HTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.handle_request).start()
        with pytest.raises(CloudError, match="not Digital Ocean's API"):
            Client(Token(FULL, "the test"), f"http://127.0.0.1:{server.server_port}").get("/v2")


def test_a_refusal_has_the_words_of_the_api(client: Client) -> None:
    with pytest.raises(RefusedError, match="Tag name may only") as caught:
        client.post("/v2/tags", {"name": "not a tag"})
    assert (caught.value.status, caught.value.id) == (422, "unprocessable_entity")


def test_the_limit_of_a_minute_is_kept_before_it_is_hit() -> None:
    clock = [1000.0]
    limits = Limits(lambda seconds: clock.__setitem__(0, clock[0] + seconds), lambda: clock[0])
    for _ in range(A_MINUTE):
        limits.wait()
    assert clock == [1000.0]
    limits.wait()
    assert clock == [1060.0]


def test_the_end_of_an_hours_limit_is_shared_out() -> None:
    waited: list[float] = []
    limits = Limits(waited.append, lambda: 1000.0)
    limits.heard({"ratelimit-remaining": "10", "ratelimit-reset": "1100"})
    limits.wait()
    assert waited == [10.0]
    limits.heard({})
    limits.wait()
    assert waited == [10.0]


def test_an_hours_limit_that_is_used_up_is_not_hit() -> None:
    waited: list[float] = []
    limits = Limits(waited.append, lambda: 1000.0)
    limits.heard({"ratelimit-remaining": "0", "ratelimit-reset": "1200"})
    limits.wait()
    assert waited == [200.0]
    limits.heard({"ratelimit-remaining": "0", "ratelimit-reset": "3400"})
    with pytest.raises(CloudError, match="40 minutes"):
        limits.wait()
    assert waited == [200.0]


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("access-token: one\ncontext: default\n", "one"),
        ("access-token: one\ncontext: work\nauth-contexts: {work: two}\n", "two"),
    ],
)
def test_the_token_of_doctls_context(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: str, found: str
) -> None:
    monkeypatch.delenv("DIGITALOCEAN_TOKEN", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    with pytest.raises(NoTokenError, match="export DIGITALOCEAN_TOKEN"):
        token()
    (tmp_path / "doctl").mkdir()
    (tmp_path / "doctl" / "config.yaml").write_text(written)
    assert token().secret == found
    assert found not in repr(token())
    monkeypatch.setenv("DIGITALOCEAN_TOKEN", "three")
    assert token().secret == "three"
    monkeypatch.setenv("DIGITALOCEAN_TOKEN", "two words")
    with pytest.raises(CloudError, match="is not a token") as caught:
        token()
    assert "two words" not in caught.value.message
