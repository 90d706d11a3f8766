"""POST /api/v2/query, and version 1 where it is alike: what is refused says why."""

from collections.abc import Callable
from typing import Any

import pytest
from analytics.app import create_app
from analytics.config import Settings
from flask.testing import FlaskClient
from sqlalchemy import URL, Engine, text

Ask = Callable[..., Any]


def deep(times: int) -> list[Any]:
    """A filter that is denied so often."""
    filter_: list[Any] = ["is", "event:page", ["/"]]
    for _ in range(times):
        filter_ = ["not", filter_]
    return filter_


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ({"dimensions": ["badproperty"]}, '#/dimensions/0: Invalid dimension "badproperty"'),
        ({"dimensions": ["event:props:"]}, '#/dimensions/0: Invalid dimension "event:props:"'),
        ({"date_range": "bad_period"}, '#/date_range: Invalid date range "bad_period"'),
        ({"metrics": ["visitors", "baa"]}, '#/metrics/1: Invalid metric "baa"'),
        (
            {"metrics": ["visitors", "visitors"]},
            "#/metrics: Expected items to be unique but they were not.",
        ),
        (
            {"metrics": ["visitors", "bounce_rate"], "dimensions": ["event:name"]},
            "Session metric(s) `bounce_rate` cannot be queried along with event dimensions.",
        ),
        ({"metrics": ["scroll_depth"]}, "can only be queried with event:page filters"),
        ({"include": {"time_labels": True}}, "Invalid include.time_labels: requires a time"),
        ({"order_by": [["visits", "asc"]]}, "Entry is not a queried metric or dimension."),
        ({"filters": [["matches", "event:page", ["a("]]]}, "Invalid filter: invalid regular"),
        ({"filters": [["is", "visit:planet", [1]]]}, 'Invalid dimension "visit:planet"'),
        ({"surprise": 1}, "#/surprise: Schema does not allow additional properties."),
        ({"date_range": ["2026-02-01", "2026-01-01"]}, "It ends before it begins."),
        ({"date_range": ["0001-01-01T00:00:00", "2026-01-01T00:00:00"]}, "Invalid date range"),
        ({"pagination": {"limit": 0}}, "#/pagination/limit: Expected a number from 1 to 10000."),
        ({"filters": [["is", "event:page", ["\0"]]]}, "Unicode without NUL"),
        ({"filters": [["is", "event:page", ["\ud800"]]]}, "Unicode without NUL"),
        ({"site_id": ""}, "Missing site ID."),
        ({"metrics": [[]]}, "#/metrics/0: Invalid metric []"),
        ({"metrics": []}, "#/metrics: Expected a minimum of 1 items but got 0."),
        ({"metrics": "visitors"}, "#/metrics: Type mismatch. Expected Array."),
        ({"dimensions": ["visit:source"] * 99}, "#/dimensions: Too many items."),
        ({"dimensions": ["time:day", "time:month"]}, "Only one dimension of time"),
        ({"metrics": ["percentage"]}, "`percentage` can only be queried with dimensions."),
        (
            {"metrics": ["views_per_visit"], "dimensions": ["event:page"]},
            "Metric `views_per_visit` cannot be queried with `event:page`.",
        ),
        ({"include": []}, "#/include: Type mismatch. Expected Object."),
        ({"include": {"imports": 1}}, "#/include: Expected true or false."),
        ({"pagination": {"page": 1}}, '#/pagination: There is no "page" here.'),
        ({"pagination": {"offset": True}}, "#/pagination/offset: Expected a number from 0"),
        ({"order_by": [["visitors", "up"]]}, "#/order_by/0: Invalid value in order_by"),
        ({"filters": {}}, "#/filters: Type mismatch. Expected Array."),
        ({"filters": [["is", "event:page", []]]}, "#/filters/0/2: Invalid filter []"),
        ({"filters": [["is", [], ["a"]]]}, "#/filters/0/1: Invalid dimension []"),
        ({"filters": [["is", "event:page", ["a"], {"x": 1}]]}, "#/filters/0/3: Invalid filter"),
        ({"filters": [["is", "event:page", ["a" * 9999]]]}, "Invalid event:page filter: at most"),
        ({"filters": [["is", "event:page", ["a"] * 9999]]}, "values together."),
        ({"filters": [["matches", "event:page", ["a"] * 50]]}, "regular expressions."),
        ({"filters": [deep(20)]}, "filters inside each other."),
        ({"date_range": ["2020-01-01", "2026-01-01"], "dimensions": ["time:hour"]}, "too long"),
    ],
)
def test_what_makes_no_sense_is_told_in_a_sentence(
    ask: Ask, query: dict[str, Any], error: str
) -> None:
    assert error in ask(400, **query)["error"]


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"\xff", b"[" * 60_000, b'{"a":' * 10_000, b"NaN", b"9" * 5000, b'{"site_id":'],
)
def test_a_body_that_is_no_query_is_refused(
    client: FlaskClient, bearer: dict[str, str], body: bytes
) -> None:
    answer = client.post("/api/v2/query", data=body, headers=bearer)
    assert (answer.status_code, list(answer.json or {})) == (400, ["error"])


@pytest.mark.parametrize("missing", ["metrics", "date_range"])
def test_what_is_missing_is_named(
    client: FlaskClient, bearer: dict[str, str], missing: str
) -> None:
    query = {"site_id": "blog.test", "metrics": ["visitors"], "date_range": "day"}
    del query[missing]
    answer = client.post("/api/v2/query", json=query, headers=bearer)
    assert answer.status_code == 400
    assert answer.json == {"error": f"#: Required property {missing} was not present."}


def test_a_regular_expression_takes_no_memory_from_the_database(ask: Ask) -> None:
    for pattern in (
        *("((((a{99}){99}){99}){99})", "(" + "a?" * 140 + "){50}", "(a{2,}b){3,255}{9}"),
        *("((a{00255}){00255}){00009}", "(.?.?.?.?.?.?.?.?){00255}", "((a{1,00255}){255}){9}"),
    ):
        error = ask(400, filters=[["matches", "event:page", [pattern]]])["error"]
        assert "too complex" in error
    braces = r"((a\{255\}){255\}){9\}"
    for pattern in ("(?x)((a{2 55}){2 55}){9}", "***:(?x)a{2 5}", f"(?b){braces}", "(?ix)a"):
        error = ask(400, filters=[["matches", "event:page", [pattern]]])["error"]
        assert "option" in error
    for pattern in (r"^/[0-9]{4}/[0-9]{2}/", r"\(?x\)?", "(?:a|b)", "(?is)^/a", "(?!/a)"):
        ask(filters=[["matches", "event:page", [pattern]]])


def test_what_takes_too_long_is_told_so(ask: Ask, engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("LOCK TABLE visits"))
        answer = ask(503, filters=[["is", "visit:country", ["NL"]]])
    assert answer["error"].startswith("That took too long.")


@pytest.mark.parametrize(
    "given", [None, "Bearer x", "Bearer", "Basic", "Basic \xff", "Bearer \xff"]
)
def test_without_a_valid_token_nothing_is_told(client: FlaskClient, given: str | None) -> None:
    headers = {} if given is None else {"Authorization": given}
    query = {"site_id": "blog.test", "metrics": ["visitors"], "date_range": "day"}
    for answer in (
        client.post("/api/v2/query", json=query, headers=headers),
        client.get("/api/v1/stats/realtime/visitors?site_id=blog.test", headers=headers),
    ):
        assert (answer.status_code, list(answer.json or {})) == (401, ["error"])
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        assert "Access-Control-Allow-Origin" not in answer.headers


def test_without_a_database_that_is_told(make_settings: Callable[[URL], Settings]) -> None:
    url = URL.create("postgresql+psycopg", "u", host="127.0.0.1", port=1, database="n")
    browser = create_app(make_settings(url)).test_client()
    headers = {"Authorization": "Bearer x"}
    answer = browser.get("/api/v1/stats/aggregate?site_id=blog.test", headers=headers)
    assert (answer.status_code, list(answer.json or {})) == (503, ["error"])
    assert answer.headers["Retry-After"] == "10"


def test_another_site_is_as_unknown_as_none(ask: Ask) -> None:
    refusals = [ask(401, site_id=domain) for domain in ("www.shop.test", "nowhere.test")]
    assert refusals[0] == refusals[1]


def test_the_owners_cookie_is_no_token(
    client: FlaskClient, sign_in: Callable[[FlaskClient], None]
) -> None:
    sign_in(client)
    assert client.get("/api/v1/stats/realtime/visitors?site_id=blog.test").status_code == 401
