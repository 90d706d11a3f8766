"""POST /api/v2/query: what Plausible's documentation asks is answered as it says."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from analytics.sites import FIELDS
from analytics.spool.record import Record
from flask.testing import FlaskClient
from sightings import seen
from sqlalchemy import Engine, text

Ask = Callable[..., Any]
Keep = Callable[..., None]
ImportDay = Callable[[str, int], None]

DAY = datetime(2026, 3, 2, 12, tzinfo=UTC)
MARCH = ["2026-03-01", "2026-03-31"]


def event(visitor: int, path: str = "/", minutes: float = 0, **fields: Any) -> Record:
    time = DAY + timedelta(minutes=minutes)
    values = {"name": "pageview", "site": "blog.test", "hostname": "blog.test"} | fields
    return Record(time=round(time.timestamp() * 1000), path=path, visitor=visitor, **values)


@pytest.fixture
def blog(keep: Keep) -> None:
    """Three days of a small blog."""
    nl: dict[str, Any] = {"country": "NL", "browser": "Firefox", "source": "Google"}
    us: dict[str, Any] = {"country": "US", "browser": "Safari", "utm_medium": "social"}
    day = 24 * 60
    keep(
        [
            event(1, "/", **nl),
            event(1, "/docs/a", 2, **nl),
            event(1, "/docs/a", 3, name="engagement", engaged=30_000, scroll=80, **nl),
            event(1, "/docs/a", 4, name="Signup", props={"plan": "Free"}, **nl),
            event(2, "/docs/a", 60, **us),
            event(2, "/docs/a", 61, name="engagement", engaged=10_000, scroll=40, **us),
            event(3, "/Docs/B", day, **us),
            event(3, "/Docs/B", day + 1, name="Signup", props={"plan": "paid"}, **us),
            event(4, "/", 2 * day),
        ]
    )


def rows(answer: Any) -> list[tuple[Any, ...]]:
    return [(*row["dimensions"], *row["metrics"]) for row in answer["results"]]


@pytest.mark.usefixtures("blog")
def test_without_dimensions_there_is_one_row(ask: Ask) -> None:
    metrics = [
        *("visitors", "visits", "pageviews", "events"),
        *("views_per_visit", "bounce_rate", "visit_duration"),
    ]
    answer = ask(metrics=metrics, date_range=MARCH)
    assert answer == {
        "results": [{"dimensions": [], "metrics": [4, 4, 5, 7, 1.25, 50, 90]}],
        "meta": {},
        "query": {
            "site_id": "blog.test",
            "metrics": metrics,
            "date_range": ["2026-03-01T00:00:00+00:00", "2026-03-31T23:59:59+00:00"],
            "filters": [],
            "dimensions": [],
            "order_by": [["visitors", "desc"]],
            "include": {},
            "pagination": {"limit": 10_000, "offset": 0},
        },
    }


@pytest.mark.usefixtures("blog")
def test_rows_are_grouped_by_several_dimensions_and_the_unknown_has_its_name(ask: Ask) -> None:
    answer = ask(
        metrics=["visitors", "bounce_rate"],
        dimensions=["visit:country_name", "visit:utm_medium", "visit:source"],
    )
    assert rows(answer) == [
        ("United States", "social", "Direct / None", 2, 50),
        ("Netherlands", "(not set)", "Google", 1, 0),
        ("(not set)", "(not set)", "Direct / None", 1, 100),
    ]


@pytest.mark.usefixtures("blog")
def test_pages_have_the_bounces_of_the_visits_that_began_there(ask: Ask) -> None:
    metrics = ["visitors", "pageviews", "bounce_rate", "scroll_depth", "time_on_page"]
    expected = [
        ("/", 2, 2, 50, None, None),
        ("/docs/a", 2, 2, 100, 60, 20),
        ("/Docs/B", 1, 1, 0, None, None),
    ]
    for filters in ([], [["is_not", "visit:country", ["DE"]]]):
        answer = ask(metrics=metrics, dimensions=["event:page"], filters=filters)
        assert sorted(rows(answer)) == sorted(expected)


@pytest.mark.usefixtures("blog")
@pytest.mark.parametrize(
    ("filters", "visitors"),
    [
        ([["is", "visit:country_name", ["Netherlands", "Germany"]]], 1),
        ([["is", "visit:country", ["NL"]], ["is", "event:page", ["/docs/a"]]], 1),
        ([["is_not", "visit:country", ["NL"]]], 3),
        ([["is_not", "visit:country", [""]]], 3),
        ([["is", "visit:source", ["Direct / None"]]], 3),
        ([["contains", "event:page", ["/docs"]]], 2),
        ([["contains", "event:page", ["/docs"], {"case_sensitive": False}]], 3),
        ([["is", "event:page", ["/docs/b"], {"case_sensitive": False}]], 1),
        ([["is", "event:page", ["/docs/b"]]], 0),
        ([["contains_not", "event:page", ["ocs"]]], 2),
        ([["matches", "event:page", [r"^/[a-z]+/\w$"]]], 2),
        ([["matches", "event:page", ["(?i)^/DOCS"]]], 3),
        ([["matches_not", "visit:browser", ["^Fire", "fari$"]]], 1),
        ([["matches_wildcard", "event:page", ["/docs/*"]]], 2),
        ([["matches_wildcard", "event:page", ["**/B", "/d_cs*"]]], 1),
        ([["matches_wildcard_not", "event:page", ["/docs*"]]], 3),
        ([["is", "event:goal", ["Signup"]]], 2),
        ([["is", "event:name", ["pageview"]]], 4),
        ([["is", "event:props:plan", ["Free"]]], 1),
        ([["contains", "event:props:plan", ["F", "p"]]], 2),
        ([["is", "event:goal", ["Signup"]], ["is", "event:page", ["/Docs/B"]]], 1),
        ([["or", [["is", "visit:country", ["NL"]], ["is", "event:page", ["/Docs/B"]]]]], 2),
        ([["not", ["or", [["is", "visit:country", ["NL", "US"]]]]]], 1),
        ([["and", [["is", "visit:country", ["US"]], ["not", ["is", "event:page", ["/"]]]]]], 2),
    ],
)
def test_filters(ask: Ask, filters: list[Any], visitors: int) -> None:
    assert rows(ask(filters=filters)) == [(visitors,)]


@pytest.fixture
def clients(keep: Keep) -> None:
    """Visits with browsers and systems that Plausible calls otherwise, and others."""
    kinds = [
        ("Edge", "macOS"),
        ("Samsung Internet", "Android"),
        ("Chrome", "ChromeOS"),
        (None, None),
    ]
    keep([event(n, browser=one, system=two) for n, (one, two) in enumerate(kinds, 1)])


@pytest.mark.usefixtures("clients")
@pytest.mark.parametrize("range_", [MARCH, ["2026-03-02T11:00:00", "2026-03-02T14:00:00"]])
def test_browsers_and_systems_are_called_as_plausible_calls_them(ask: Ask, range_: Any) -> None:
    by_browser = ask(
        dimensions=["visit:browser"], date_range=range_, order_by=[["visit:browser", "asc"]]
    )
    assert rows(by_browser) == [
        ("Chrome", 1),
        ("Microsoft Edge", 1),
        ("Samsung Browser", 1),
        ("(not set)", 1),
    ]
    by_system = ask(dimensions=["visit:os"], date_range=range_)
    assert {name for name, _ in rows(by_system)} == {"Mac", "Android", "Chrome OS", "(not set)"}


@pytest.mark.usefixtures("clients")
@pytest.mark.parametrize(
    ("filter_", "visitors"),
    [
        (["is", "visit:os", ["Mac"]], 1),
        (["is", "visit:os", ["macOS", "Chrome OS"]], 2),
        (["is", "visit:os", ["mac"], {"case_sensitive": False}], 1),
        (["is_not", "visit:os", ["Mac"]], 3),
        (["is", "visit:os", ["(not set)", "Mac"]], 2),
        (["is", "visit:browser", ["Microsoft Edge"]], 1),
        (["is", "visit:browser", ["Edge"]], 1),
        (["contains", "visit:browser", ["Edge", "Browser"]], 2),
        (["contains_not", "visit:browser", ["soft"]], 3),
        (["matches", "visit:browser", ["^Micro"]], 1),
        (["matches_wildcard", "visit:browser", ["Samsung*"]], 1),
    ],
)
def test_either_name_of_browsers_and_systems_is_a_filter(
    ask: Ask, filter_: list[Any], visitors: int
) -> None:
    assert rows(ask(filters=[filter_])) == [(visitors,)]


@pytest.mark.usefixtures("blog")
@pytest.mark.parametrize(
    "key",
    [
        *("visit:region", "visit:region_name", "visit:city", "visit:city_name"),
        *("visit:browser_version", "visit:os_version", "visit:exit_page_hostname"),
    ],
)
def test_what_is_not_kept_is_one_group_without_a_name(ask: Ask, key: str) -> None:
    metrics = ["visitors", "visits", "pageviews", "bounce_rate"]
    expected = [("(not set)", 4, 4, 5, 50)]
    assert rows(ask(metrics=metrics, dimensions=[key])) == expected
    parted = {"dimensions": [key], "filters": [["is", key, ["(not set)"]]]}
    assert rows(ask(metrics=metrics, **parted)) == expected
    assert rows(ask(filters=[["is", key, ["Oregon"]]])) == [(0,)]
    assert rows(ask(filters=[["is_not", key, ["Oregon"]]])) == [(4,)]
    assert rows(ask(filters=[["contains", key, ["o"]]])) == [(0,)]
    by_page = ask(dimensions=["event:page", key], filters=[["is", "event:page", ["/docs/a"]]])
    assert rows(by_page) == [("/docs/a", "(not set)", 2)]
    by_day = ask(dimensions=["time:day", key], date_range=MARCH)
    assert [(name, count) for _, name, count in rows(by_day)] == [
        ("(not set)", 2),
        ("(not set)", 1),
        ("(not set)", 1),
    ]


@pytest.mark.usefixtures("blog")
def test_where_visits_began_has_a_host(ask: Ask) -> None:
    assert rows(ask(dimensions=["visit:entry_page_hostname"])) == [("blog.test", 4)]


@pytest.mark.usefixtures("blog")
def test_revenue_is_nothing_that_is_known(ask: Ask) -> None:
    unknown = ["total_revenue", "average_revenue"]
    signup = [["is", "event:goal", ["Signup"]]]
    for asked in ({}, {"filters": signup}, {"filters": signup, "dimensions": ["visit:country"]}):
        for row in ask(metrics=["visitors", *unknown], **asked)["results"]:
            assert row["metrics"][1:] == [None, None]
    ordered = ask(metrics=unknown, order_by=[["total_revenue", "desc"]], dimensions=["event:goal"])
    assert rows(ordered) == [("Signup", None, None)]


def test_without_a_visitors_mark_only_events_are_counted(
    client_with: Callable[..., FlaskClient], bearer: dict[str, str], keep: Keep
) -> None:
    keep([event(0, "/"), event(0, "/", 1), event(0, "/", 2, name="Signup")])
    client = client_with(collect=frozenset(FIELDS) - {"visitor"})
    metrics = [
        *("visitors", "visits", "bounce_rate", "visit_duration", "views_per_visit"),
        *("percentage", "pageviews", "events"),
    ]
    body = {"site_id": "blog.test", "metrics": metrics, "date_range": MARCH}
    answer = client.post(
        "/api/v2/query", json=body | {"dimensions": ["visit:country"]}, headers=bearer
    )
    assert rows(answer.json) == [("(not set)", *[None] * 6, 2, 3)]
    query = {"site_id": "blog.test", "metrics": "visitors,pageviews", "period": "custom"}
    query |= {"date": "2026-03-01,2026-03-02", "compare": "previous_period"}
    old = client.get("/api/v1/stats/aggregate", query_string=query, headers=bearer).json or {}
    assert old["results"]["visitors"] == {"value": None, "change": None}
    assert old["results"]["pageviews"] == {"value": 2, "change": 100}
    days = client.get("/api/v1/stats/timeseries", query_string=query, headers=bearer).json or {}
    assert [row["visitors"] for row in days["results"]] == [None, None]


def test_the_last_24_hours_end_now(ask: Ask, keep: Keep) -> None:
    keep([seen("/", 0.01, 1), seen("/", 0.98, 2), seen("/", 1.02, 3)])
    answer = ask(metrics=["visitors", "pageviews"], date_range="24h")
    assert rows(answer) == [(2, 2)]
    first, last = map(datetime.fromisoformat, answer["query"]["date_range"])
    assert last - first == timedelta(hours=24) - timedelta(seconds=1)
    assert abs(datetime.now(UTC) - last) < timedelta(minutes=1)
    steps = ask(date_range="24h", dimensions=["time"], include={"time_labels": True})
    assert sum(count for _, count in rows(steps)) == 2
    assert len(steps["meta"]["time_labels"]) in (24, 25)


@pytest.mark.usefixtures("blog")
def test_a_page_is_counted_alone_when_it_is_filtered_by(ask: Ask) -> None:
    metrics = ["visitors", "pageviews", "bounce_rate", "time_on_page"]
    answer = ask(metrics=metrics, filters=[["is", "event:page", ["/docs/a"]]])
    assert rows(answer) == [(2, 2, 100, 20)]


@pytest.mark.usefixtures("blog")
@pytest.mark.parametrize(
    ("goals", "metrics"),
    [
        (["Visit /docs/a"], (2, 2, 2, 50)),
        (["Visit /docs/*"], (2, 2, 2, 50)),
        (["Visit /d*", "Signup"], (3, 2, 4, 75)),
        (["Visit /docs/b", {"case_sensitive": False}], (1, 1, 1, 25)),
        (["Visit /_ocs/a"], (0, 0, 0, 0)),
        (["Visit"], (0, 0, 0, 0)),
    ],
)
def test_a_page_can_be_a_goal(ask: Ask, goals: list[Any], metrics: tuple[int, ...]) -> None:
    names = [each for each in goals if isinstance(each, str)]
    modifiers = [each for each in goals if not isinstance(each, str)]
    answer = ask(
        metrics=["visitors", "pageviews", "events", "conversion_rate"],
        filters=[["is", "event:goal", names, *modifiers]],
    )
    assert rows(answer) == [metrics]


@pytest.mark.usefixtures("blog")
def test_the_conversion_rate_of_a_group_is_of_those_in_it(ask: Ask) -> None:
    signup = {"filters": [["is", "event:goal", ["Signup"]]]}
    free = {"filters": [*signup["filters"], ["is", "event:props:plan", ["Free"]]]}
    metrics = ["visitors", "group_conversion_rate"]
    by_country = {"metrics": metrics, "dimensions": ["visit:country"]}
    assert rows(ask(**by_country, **signup)) == [("NL", 1, 100), ("US", 1, 50)]
    assert rows(ask(**by_country, **free)) == [("NL", 1, 100)]
    by_day = {"metrics": metrics, "dimensions": ["time:day"], "date_range": MARCH}
    assert rows(ask(**by_day, **signup)) == [("2026-03-02", 1, 50), ("2026-03-03", 1, 100)]
    by_page = {"metrics": metrics, "dimensions": ["event:page", "visit:browser"]}
    assert rows(ask(**by_page, **free)) == [("/docs/a", "Firefox", 1, 100)]
    assert rows(ask(metrics=metrics, **signup)) == [(2, 50)]
    assert rows(ask(metrics=metrics, dimensions=["event:goal"])) == [("Signup", 2, 100)]
    paged = {"order_by": [["group_conversion_rate", "asc"]], "pagination": {"limit": 1}}
    asked = ask(**by_country, **signup, **paged, include={"total_rows": True})
    assert (rows(asked), asked["meta"]["total_rows"]) == ([("US", 1, 50)], 2)
    said = ask(400, metrics=["group_conversion_rate"])["error"]
    assert said.startswith("Metric `group_conversion_rate` can only be queried with event:goal")


def test_who_reaches_a_goal_in_a_later_hour_was_there_in_that_hour_too(
    ask: Ask, keep: Keep
) -> None:
    """And whose visit began before the range was there in it."""
    us: dict[str, Any] = {"country": "US"}
    keep(
        [
            event(1, "/", -10),
            event(1, "/", 5, name="Signup"),
            event(2, "/", 7),
            event(2, "/", 8),
            event(3, "/", 50),
            event(3, "/", 130, name="engagement", engaged=1000),
            event(4, "/", -10, **us),
            event(4, "/", 5, **us),
            event(5, "/", 6, **us),
            event(5, "/", 7, name="Signup", **us),
            event(0, "/", 7),
        ]
    )
    asked: dict[str, Any] = {"filters": [["is", "event:goal", ["Signup"]]]}
    asked["metrics"] = ["visitors", "group_conversion_rate"]
    noon, one = "2026-03-02T12:00:00Z", "2026-03-02T12:59:59Z"
    assert rows(ask(dimensions=["time:hour"], **asked)) == [("2026-03-02 12:00:00", 2, 40)]
    only_noon = asked | {"date_range": [noon, one]}
    by_country = ask(dimensions=["visit:country"], **only_noon)
    assert sorted(rows(by_country)) == [("(not set)", 1, 33.33), ("US", 1, 50)]
    whole = only_noon | {"metrics": ["visitors", "conversion_rate"]}
    assert rows(ask(**whole)) == [(2, 40)]


@pytest.mark.usefixtures("blog")
def test_a_conversion_rate_is_of_all_who_could_have(ask: Ask) -> None:
    metrics = ["visitors", "conversion_rate"]
    signup = ["is", "event:goal", ["Signup"]]
    assert rows(ask(metrics=metrics, dimensions=["event:goal"])) == [("Signup", 2, 50)]
    assert rows(ask(metrics=metrics, filters=[signup])) == [(2, 50)]
    american = ["is", "visit:country", ["US"]]
    assert rows(ask(metrics=metrics, filters=[american, signup])) == [(1, 50)]
    free = ["is", "event:props:plan", ["Free"]]
    assert rows(ask(metrics=metrics, filters=[free, signup])) == [(1, 25)]
    by_country = ask(metrics=metrics, filters=[signup], dimensions=["visit:country"])
    assert rows(by_country) == [("NL", 1, 25), ("US", 1, 25)]
    assert "event:goal" in ask(400, metrics=metrics)["error"]


@pytest.mark.usefixtures("blog")
def test_shares_are_of_those_who_were_counted_in_the_same_way(
    ask: Ask, import_day: ImportDay
) -> None:
    import_day("2026-03-01", 96)
    signup = {"filters": [["is", "event:goal", ["Signup"]]], "date_range": MARCH}
    assert rows(ask(metrics=["visitors", "conversion_rate"], **signup)) == [(2, 50)]
    by_two = {"dimensions": ["visit:country", "visit:browser"], "date_range": MARCH}
    shares = rows(ask(metrics=["percentage"], **by_two))
    assert sorted(share for *_, share in shares) == [25, 25, 50]
    by_goal = {"dimensions": ["event:goal"], "date_range": MARCH}
    assert rows(ask(metrics=["conversion_rate"], **by_goal)) == [("Signup", 2)]


@pytest.mark.usefixtures("blog")
def test_steps_without_visits_have_a_label_and_no_row(ask: Ask) -> None:
    include = {"time_labels": True}
    answer = ask(date_range=MARCH, dimensions=["time:day"], include=include)
    assert rows(answer) == [("2026-03-02", 2), ("2026-03-03", 1), ("2026-03-04", 1)]
    assert answer["meta"]["time_labels"][:2] == ["2026-03-01", "2026-03-02"]
    assert len(answer["meta"]["time_labels"]) == 31
    hours = ask(date_range=["2026-03-02", "2026-03-02"], dimensions=["time"], include=include)
    assert rows(hours) == [("2026-03-02 12:00:00", 1), ("2026-03-02 13:00:00", 1)]
    assert len(hours["meta"]["time_labels"]) == 24
    weeks = ask(date_range=["2026-03-03", "2026-03-10"], dimensions=["time:week"], include=include)
    assert weeks["meta"]["time_labels"] == ["2026-03-03", "2026-03-09"]
    assert rows(weeks) == [("2026-03-03", 2)]


@pytest.mark.usefixtures("blog")
def test_the_steps_that_time_means_are_told(ask: Ask) -> None:
    for first, key, step in (
        ("2026-03-02", "time:day", "2026-03-04"),
        ("2026-01-19", "time:week", "2026-03-02"),
        ("2025-02-03", "time:month", "2026-03-01"),
    ):
        asked = {"date_range": [first, "2026-03-10"], "dimensions": ["time"]}
        for order in ([], [["time", "desc"]]):
            answer = ask(order_by=order, **asked)
            assert answer["query"]["dimensions"] == [key]
            assert answer["query"]["order_by"][0] == [key, "desc" if order else "asc"]
            assert answer["results"][0 if order else -1]["dimensions"] == [step]


@pytest.mark.usefixtures("blog")
def test_time_and_a_property_are_ordered_as_asked(ask: Ask) -> None:
    answer = ask(
        metrics=["visitors", "events"],
        dimensions=["time:day", "event:props:plan"],
        order_by=[["event:props:plan", "desc"], ["time:day", "asc"]],
        filters=[["is", "event:goal", ["Signup"]]],
    )
    assert rows(answer) == [("2026-03-03", "paid", 1, 1), ("2026-03-02", "Free", 1, 1)]


@pytest.mark.usefixtures("blog")
def test_goals_are_the_events_that_the_site_names(ask: Ask) -> None:
    metrics = ["visitors", "events", "percentage"]
    assert rows(ask(metrics=metrics, dimensions=["event:goal"])) == [("Signup", 2, 2, 50)]
    names = ask(metrics=["events"], dimensions=["event:name"])
    assert rows(names) == [("pageview", 5), ("Signup", 2)]


@pytest.mark.usefixtures("blog")
def test_pages_of_results(ask: Ask) -> None:
    answer = ask(
        dimensions=["visit:browser"],
        include={"total_rows": True, "imports": True},
        pagination={"limit": 1, "offset": 1},
    )
    assert rows(answer) == [("Firefox", 1)]
    assert answer["meta"] == {
        "imports_included": False,
        "imports_skip_reason": "no_imported_data",
        "total_rows": 3,
    }
    beyond = ask(
        dimensions=["visit:browser"], include={"total_rows": True}, pagination={"offset": 9}
    )
    assert (rows(beyond), beyond["meta"]["total_rows"]) == ([], 3)


@pytest.mark.usefixtures("blog")
def test_a_part_of_a_day_is_counted_to_the_second(ask: Ask) -> None:
    first, last = "2026-03-02T13:00:00+01:00", "2026-03-02T13:01:59+01:00"
    answer = ask(metrics=["visitors", "pageviews"], date_range=[first, last])
    assert rows(answer) == [(1, 1)]
    assert answer["query"]["date_range"] == [
        "2026-03-02T12:00:00+00:00",
        "2026-03-02T12:01:59+00:00",
    ]


def test_a_range_without_anything_has_a_row_of_nothing(ask: Ask) -> None:
    for range_ in (["2100-01-01", "2100-02-01"], ["1970-01-01", "1970-01-02"], "7d", "day"):
        metrics = ["visitors", "bounce_rate"]
        assert rows(ask(metrics=metrics, date_range=range_)) == [(0, 0)]
        filters = [["is", "event:page", ["/"]]]
        answer = ask(metrics=[*metrics, "time_on_page"], date_range=range_, filters=filters)
        assert rows(answer) == [(0, 0, None)]
        assert rows(ask(date_range=range_, dimensions=["time:hour"])) == []


@pytest.mark.usefixtures("blog")
def test_what_is_deleted_is_said(ask: Ask, engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE daily SET day = day - 2000"))
        connection.execute(text("TRUNCATE monthly"))
    old = ["2020-09-01", "2020-09-30"]
    assert rows(ask(date_range=old))[0][0] > 0
    filtered = ask(date_range=old, filters=[["is", "visit:country", ["NL"]]])
    assert filtered["meta"]["warning"].startswith("Single visits are kept since ")


@pytest.mark.usefixtures("blog")
def test_imports_that_are_left_out_are_said(ask: Ask, import_day: ImportDay) -> None:
    import_day("2026-03-01", 10)

    def meta(**asked: Any) -> Any:
        return ask(**{"date_range": MARCH, "include": {"imports": True}} | asked)["meta"]

    assert meta() == {"imports_included": True}
    assert meta(dimensions=["visit:country"]) == {"imports_included": True}
    assert meta(date_range=["2026-03-02", "2026-03-31"]) == {
        "imports_included": False,
        "imports_skip_reason": "out_of_range",
    }
    filtered = {"filters": [["is", "visit:country", ["NL"]]]}
    for reason, asked in (
        ("unsupported_query", filtered),
        ("unsupported_interval", {"dimensions": ["time:hour"]}),
    ):
        found = meta(**asked)
        assert (found["imports_included"], found["imports_skip_reason"]) == (False, reason)
        assert "imported" in found["imports_warning"]
    assert meta(include={}) == {}
    assert meta(include={}, **filtered).keys() == {"imports_warning"}


def test_the_answer_is_never_cached(client: FlaskClient, bearer: dict[str, str]) -> None:
    body = json.dumps({"site_id": "blog.test", "metrics": ["visitors"], "date_range": "day"})
    answer = client.post("/api/v2/query", data=body, headers=bearer)
    assert answer.headers["Cache-Control"] == "no-store"
