"""GET /api/v1/stats/…: what Plausible's older clients ask is answered as they expect."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from analytics.sites import FIELDS
from analytics.spool.record import Record
from flask.testing import FlaskClient
from msgspec.structs import replace
from sightings import seen
from werkzeug.test import TestResponse

Get = Callable[..., TestResponse]
Keep = Callable[..., None]
JULY = {"period": "custom", "date": "2026-07-01,2026-07-31"}


def view(day: str, visitor: int, path: str = "/", **fields: Any) -> Record:
    time = datetime.fromisoformat(f"{day}T12:00:00+00:00")
    values = {"name": "pageview", "site": "blog.test", "hostname": "blog.test"} | fields
    return Record(time=round(time.timestamp() * 1000), path=path, visitor=visitor, **values)


@pytest.fixture
def summer(keep: Keep) -> None:
    """A few visits of June and July."""
    keep(
        [
            view("2026-06-15", 1),
            view("2026-06-15", 2, source="Google", country="NL"),
            view("2026-07-01", 3, "/a", source="Google", browser="Firefox", country="NL"),
            view("2026-07-01", 4, "/b", source="Twitter", browser="Safari"),
            view("2026-07-01", 5, "/blog/a|b", browser="Chrome", utm_campaign="campaign|one"),
            view("2026-07-31", 6, "/a", name="Download", props={"method": "HTTP"}),
        ]
    )


def results(answer: TestResponse) -> Any:
    assert answer.status_code == 200, answer.text
    return (answer.json or {})["results"]


def test_the_visitors_of_now_are_a_bare_number(get: Get, keep: Keep) -> None:
    keep([seen(days=0, visitor=1), seen(days=0, visitor=2), seen(days=1, visitor=3)])
    assert get("realtime/visitors").json == 2


def test_without_the_field_visitor_nobody_knows_the_visitors_of_now(
    client_with: Callable[..., FlaskClient], bearer: dict[str, str]
) -> None:
    bare = client_with(collect=frozenset(FIELDS) - {"visitor"})
    answer = bare.get("/api/v1/stats/realtime/visitors?site_id=blog.test", headers=bearer)
    assert (answer.status_code, answer.json) == (200, None)


@pytest.mark.usefixtures("summer")
def test_what_is_not_kept_is_nothing(get: Get) -> None:
    cities = results(get("breakdown", property="visit:city", **JULY))
    assert cities == [{"city": "(not set)", "visitors": 4}]
    money = results(get("aggregate", metrics="total_revenue", compare="previous_period", **JULY))
    assert money == {"total_revenue": {"value": None, "change": None}}
    days = results(get("timeseries", metrics="visits,average_revenue", **JULY))
    assert days[1] == {"date": "2026-07-02", "visits": 0, "average_revenue": None}


@pytest.mark.usefixtures("summer")
def test_an_aggregate_has_the_change_against_as_many_days_before(get: Get) -> None:
    metrics = "visitors,pageviews,bounce_rate,visit_duration"
    assert results(get("aggregate", metrics=metrics, **JULY)) == {
        "visitors": {"value": 4},
        "pageviews": {"value": 3},
        "bounce_rate": {"value": 75},
        "visit_duration": {"value": 0},
    }
    compared = results(get("aggregate", metrics=metrics, compare="previous_period", **JULY))
    assert compared["visitors"] == {"value": 4, "change": 100}
    assert compared["bounce_rate"] == {"value": 75, "change": -25}
    assert compared["visit_duration"] == {"value": 0, "change": 0}


@pytest.mark.usefixtures("summer")
@pytest.mark.parametrize(
    ("filters", "visitors"),
    [
        ("visit:browser==Firefox", 1),
        ("visit:browser!=Firefox", 3),
        ("visit:source==Google|Twitter", 2),
        ("visit:source!=Google|Twitter", 2),
        ("event:page==/a|/b", 3),
        ("event:page==/b*", 2),
        ("event:page!=/b*", 2),
        ("event:page==/*g/**", 1),
        ("visit:utm_campaign==campaign\\|one", 1),
        ("visit:browser==Firefox;event:page==/a|/b", 1),
        ("event:goal==Download", 1),
        ("event:goal == Visit /a|Download", 2),
        ("event:goal==Visit /b**", 2),
        ("event:props:method==HTTP; visit:country!=NL", 1),
        ("event:page==/_", 0),
    ],
)
def test_filters(get: Get, filters: str, visitors: int) -> None:
    found = results(get("aggregate", filters=filters, **JULY))
    assert found == {"visitors": {"value": visitors}}


@pytest.mark.usefixtures("summer")
@pytest.mark.parametrize(
    "name", ["realtime/visitors", "aggregate", "timeseries", "breakdown?property=visit:source"]
)
def test_a_slash_at_the_end_of_the_path_makes_no_difference(
    client: FlaskClient, bearer: dict[str, str], name: str
) -> None:
    path, _, more = name.partition("?")
    query = f"{more}&site_id=blog.test&period=custom&date=2026-07-01,2026-07-31"
    answers = [
        client.get(f"/api/v1/stats/{path}{end}?{query}", headers=bearer) for end in ("", "/")
    ]
    assert [each.status_code for each in answers] == [200, 200]
    assert answers[0].json == answers[1].json


@pytest.mark.usefixtures("summer")
def test_a_timeseries_has_every_month_and_every_day(get: Get) -> None:
    months = results(get("timeseries", period="6mo", date="2026-07-20"))
    assert [row["date"] for row in months] == [f"2026-0{month}-01" for month in range(2, 8)]
    assert [row["visitors"] for row in months] == [0, 0, 0, 0, 2, 4]
    days = results(get("timeseries", metrics="visitors,bounce_rate", **JULY))
    assert len(days) == 31
    assert days[:2] == [
        {"date": "2026-07-01", "visitors": 3, "bounce_rate": 100},
        {"date": "2026-07-02", "visitors": 0, "bounce_rate": 0},
    ]


def test_a_timeseries_goes_on_to_the_end_of_its_period(get: Get) -> None:
    days = results(get("timeseries", period="month", interval="day"))
    assert len(days) >= 28
    assert (datetime.fromisoformat(days[-1]["date"]) + timedelta(days=1)).day == 1
    future = {"period": "custom", "date": "2100-01-01,2100-01-03"}
    assert [row["visitors"] for row in results(get("timeseries", **future))] == [0, 0, 0]


@pytest.mark.usefixtures("summer")
def test_a_timeseries_of_a_day_has_every_hour(get: Get) -> None:
    metrics = "visitors,visit_duration"
    day = {"period": "day", "date": "2026-07-01", "metrics": metrics}
    hours = results(get("timeseries", **day))
    assert [row["date"] for row in hours] == [f"2026-07-01 {hour:02}:00:00" for hour in range(24)]
    assert hours[11:13] == [
        {"date": "2026-07-01 11:00:00", "visitors": 0, "visit_duration": None},
        {"date": "2026-07-01 12:00:00", "visitors": 3, "visit_duration": 0},
    ]
    assert len(results(get("timeseries", interval="date", **day))) == 1
    custom = {"period": "custom", "date": "2026-07-01,2026-07-01"}
    assert len(results(get("timeseries", **custom))) == 1


@pytest.mark.usefixtures("summer")
def test_a_breakdown_is_by_one_property_in_pages(get: Get) -> None:
    metrics = "visitors,bounce_rate"
    sources = {"property": "visit:source", "metrics": metrics, **JULY}
    assert results(get("breakdown", **sources)) == [
        {"source": "Direct / None", "visitors": 2, "bounce_rate": 50},
        {"source": "Google", "visitors": 1, "bounce_rate": 100},
        {"source": "Twitter", "visitors": 1, "bounce_rate": 100},
    ]
    second = results(get("breakdown", limit="1", page="2", **sources))
    assert [row["source"] for row in second] == ["Google"]
    countries = results(get("breakdown", property="visit:country", **JULY))
    assert countries == [{"country": "NL", "visitors": 1}]
    methods = get(
        "breakdown", property="event:props:method", filters="event:goal==Download", **JULY
    )
    assert results(methods) == [{"method": "HTTP", "visitors": 1}]


@pytest.mark.usefixtures("summer")
def test_periods_end_with_their_date(get: Get) -> None:
    for period, date, visitors in (
        ("day", "2026-07-01", 3),
        ("7d", "2026-07-07", 3),
        ("7d", "2026-07-08", 0),
        ("30d", "2026-07-31", 4),
        ("month", "2026-06-30", 2),
        ("12mo", "2026-07-01", 6),
    ):
        found = results(get("aggregate", period=period, date=date))
        assert found["visitors"]["value"] == visitors, period


def test_thirty_days_are_the_usual_period(get: Get, keep: Keep) -> None:
    keep([seen(days=days, visitor=round(days) + 1) for days in (0, 29, 32)])
    assert results(get("aggregate"))["visitors"]["value"] == 2


@pytest.mark.parametrize(
    ("name", "parameters", "error"),
    [
        ("aggregate", {"metrics": "visitors,visitors"}, "Metrics cannot be queried multiple times"),
        ("aggregate", {"metrics": "x"}, 'Invalid metric "x"'),
        ("aggregate", {"period": "9d"}, "Error parsing `period` parameter"),
        ("aggregate", {"date": "yesterday"}, "Error parsing `date` parameter"),
        ("aggregate", {"period": "custom"}, "Error parsing `date` parameter"),
        ("aggregate", {"filters": "visit:browser"}, "Invalid filter"),
        ("aggregate", {"filters": "visit:planet==1"}, "Invalid filter"),
        ("aggregate", {"filters": "visit:browser==\0"}, "without NUL"),
        ("aggregate", {"compare": "year"}, "Invalid `compare` parameter"),
        ("timeseries", {"interval": "minute"}, "Error parsing `interval` parameter"),
        ("breakdown", {}, "The `property` parameter is required"),
        ("breakdown", {"property": "visit:moon"}, "Invalid property"),
        ("breakdown", {"property": "visit:source", "limit": "1001"}, "between 1 and 1000"),
        ("breakdown", {"property": "visit:source", "page": "²"}, "between 1 and"),
        ("breakdown", {"property": "event:name", "metrics": "bounce_rate"}, "Session metric(s)"),
        ("aggregate", {"site_id": ""}, "Missing site ID"),
    ],
)
def test_what_makes_no_sense_is_told_in_a_sentence(
    get: Get, name: str, parameters: dict[str, str], error: str
) -> None:
    answer = get(name, **parameters)
    assert answer.status_code == 400
    assert error in (answer.json or {})["error"]


def test_a_conversion_rate_of_an_hour_is_of_those_who_were_there(get: Get, keep: Keep) -> None:
    goal = view("2026-07-01", 1, name="Signup")
    keep([replace(goal, time=goal.time - 900_000, name="pageview"), goal])
    asked = {"metrics": "visitors,conversion_rate", "filters": "event:goal==Signup"}
    hours = results(get("timeseries", period="day", date="2026-07-01", **asked))
    assert [(one["visitors"], one["conversion_rate"]) for one in hours[11:13]] == [(0, 0), (1, 100)]


@pytest.mark.usefixtures("summer")
def test_a_conversion_rate_changes_by_percentage_points(get: Get) -> None:
    asked = {"metrics": "conversion_rate", "filters": "event:goal==Download", **JULY}
    answer = results(get("aggregate", compare="previous_period", **asked))
    assert answer == {"conversion_rate": {"value": 25, "change": 25}}


@pytest.mark.usefixtures("summer")
def test_a_conversion_rate_is_that_of_each_row(get: Get, keep: Keep) -> None:
    asked = {"metrics": "conversion_rate", "filters": "event:goal==Download"}
    keep([view("2026-07-31", 7, name="Download", source="Google"), view("2026-07-31", 8)])
    days = results(get("timeseries", **asked, **JULY))
    assert [days[0], days[30]] == [
        {"date": "2026-07-01", "conversion_rate": 0},
        {"date": "2026-07-31", "conversion_rate": 66.67},
    ]
    sources = results(get("breakdown", property="visit:source", **asked, **JULY))
    assert sources == [
        {"source": "Google", "conversion_rate": 50},
        {"source": "Direct / None", "conversion_rate": 33.33},
    ]
    # Of goals and properties it is that of all.
    goals = results(get("breakdown", property="event:goal", metrics="conversion_rate", **JULY))
    assert goals == [{"goal": "Download", "conversion_rate": 33.33}]
    methods = results(get("breakdown", property="event:props:method", **asked, **JULY))
    assert methods == [
        {"method": "HTTP", "conversion_rate": 16.67},
        {"method": "(none)", "conversion_rate": 16.67},
    ]


@pytest.mark.usefixtures("summer")
def test_filters_may_be_those_of_version_2(get: Get) -> None:
    def visitors(filters: str) -> Any:
        return results(get("aggregate", filters=filters, **JULY))["visitors"]["value"]

    assert visitors('[["contains", "event:page", ["/a"]], ["is", "visit:country", ["NL"]]]') == 1
    assert visitors(' [["matches_wildcard_not", "visit:source", ["G*"]]]') == 3


@pytest.mark.parametrize(
    "filters", ["[", "[[", "[1]", '[["is"]]', "[" * 9999, '[["is", "event:page", ["\\ud800"]]]']
)
def test_filters_that_are_none_are_a_sentence(get: Get, filters: str) -> None:
    answer = get("aggregate", filters=filters, **JULY)
    assert answer.status_code == 400
    assert (answer.json or {})["error"]


@pytest.mark.usefixtures("summer")
def test_what_is_missing_is_said(get: Get, import_day: Callable[[str, int], None]) -> None:
    import_day("2026-07-01", 10)

    def warning(name: str, **parameters: str) -> Any:
        answer = get(name, **JULY | parameters).json or {}
        assert answer["results"]
        return answer.get("warning")

    assert warning("aggregate") is None
    assert warning("timeseries") is None
    filters = {"filters": "visit:browser==Firefox"}
    for name, more in (
        ("aggregate", {}),
        ("aggregate", {"compare": "previous_period"}),
        ("timeseries", {}),
        ("breakdown", {"property": "visit:source"}),
    ):
        said = warning(name, **filters, **more)
        assert said.startswith("What was imported is not in these results.")
    before = {"date": "2026-08-01,2026-08-31", "compare": "previous_period", **filters}
    assert "imported" in warning("aggregate", **before)
