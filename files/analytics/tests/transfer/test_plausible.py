"""Plausible's zip: its daily sums are in the dashboard, survive, and can be taken away again."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from analytics.keeping import retention, rollups
from analytics.seeing import periods, report
from analytics.seeing.figures import Totals
from analytics.seeing.report import Report
from analytics.seeing.views import View
from analytics.sites import Site
from analytics.transfer import plausible
from flask import Flask
from sightings import seen
from sqlalchemy import Engine

TakeIn = Callable[..., str]
Zipped = Callable[..., Path]
Rows = Callable[[str], list[Any]]
Keep = Callable[..., None]
Run = Callable[..., Any]

SITE = Site("blog.test")
DATES = "20240301_20240302"
# As Plausible wrote them in 2026.
TABLES = {
    "visitors": "2024-03-01,10,25,4,12,900\n2024-03-02,6,10,6,6,0\n",
    "sources": (
        "2024-03-01,Google,google.com,,,,,,12,6,7,120,2\n"
        "2024-03-01,newsletter,,newsletter,email,launch,,,4,2,2,30,1\n"
        "2024-03-02,,,,,,,,10,6,6,0,6\n"
    ),
    "pages": "2024-03-01,blog.test,/,8,8,15,400,5,160,8\n2024-03-02,blog.test,/a,6,6,10,0,0,0,0\n",
    "entry_pages": "2024-03-01,/,8,9,700,3,20\n",
    "exit_pages": "2024-03-01,/a,8,700,9,3,20\n",
    "custom_events": (
        "2024-03-01,Outbound Link: Click,https://example.org,,2,3\n"
        "2024-03-01,Outbound Link: Click,https://example.com,,1,1\n"
        "2024-03-01,engagement,,,9,90\n"
    ),
    "custom_props": "2024-03-01,position,hero,2,4\n",
    "locations": "2024-03-01,US,US-OR,5739936,4,5,200,1,9\n2024-03-01,US,,0,2,2,90,1,5\n",
    "devices": "2024-03-01,Laptop,7,8,100,3,14\n2024-03-01,Mobile,3,3,20,2,4\n",
    "browsers": "2024-03-01,Chrome,140,7,8,100,3,14\n2024-03-01,Microsoft Edge,,3,3,20,2,4\n",
    "operating_systems": "2024-03-01,Mac,15,7,8,100,3,14\n",
}


def export(tables: Mapping[str, str] = TABLES) -> dict[str, str]:
    return {
        f"imported_{name}_{DATES}.csv": ",".join(plausible.COLUMNS[name]) + "\n" + text
        for name, text in tables.items()
    }


def shown(engine: Engine, period: str = "2024-03") -> Report:
    now = datetime.now(UTC)
    view = View(periods.parse(period, now.date(), date(2024, 1, 1)), "28d", interval="day")
    with engine.connect() as connection:
        return report.make(connection, SITE, view, now)


def values(found: Report, dimension: str) -> dict[str | None, tuple[int, int, int]]:
    return {
        row.value: (row.totals.visitors, row.totals.visits, row.totals.page_views)
        for row in found.tables[dimension].rows
    }


def test_every_table_is_on_the_dashboard(engine: Engine, take_in: TakeIn, zipped: Zipped) -> None:
    said = take_in(zipped(export()))
    assert "2024-03-01 to 2024-03-02 (plausible)" in said
    found = shown(engine)
    assert found.totals == Totals(16, 18, 35, 10, 900)
    assert [point.totals.visits for point in found.curve[:3]] == [12, 6, 0]
    assert values(found, "source") == {
        "Google": (6, 7, 12),
        "newsletter": (2, 2, 4),
        None: (6, 6, 10),
    }
    assert values(found, "channel") == {
        "Organic Search": (6, 7, 12),
        "Email": (2, 2, 4),
        "Direct": (6, 6, 10),
    }
    assert values(found, "referrer") == {"google.com": (6, 7, 12)}
    assert values(found, "utm_campaign") == {"launch": (2, 2, 4)}
    assert values(found, "page") == {"/": (8, 8, 15), "/a": (6, 6, 10)}
    assert [(row.time_on_page, row.scroll_depth) for row in found.tables["page"].rows] == [
        (20, 80),
        (None, None),
    ]
    assert values(found, "entry_page") == {"/": (8, 9, 20)}
    assert values(found, "exit_page") == {"/a": (8, 9, 20)}
    assert values(found, "event") == {"Outbound Link: Click": (3, 3, 4)}
    assert values(found, "country") == {"US": (6, 7, 14)}
    assert values(found, "screen") == {"Desktop": (7, 8, 14), "Mobile": (3, 3, 4)}
    assert values(found, "browser") == {"Chrome": (7, 8, 14), "Edge": (3, 3, 4)}
    assert values(found, "system") == {"macOS": (7, 8, 14)}


def test_sources_that_are_called_otherwise_join_those_of_the_same_place(
    engine: Engine, take_in: TakeIn, zipped: Zipped
) -> None:
    lines = (
        ("X (Twitter)", "t.co/a", "Twitter", "t.co/a", "Organic Social"),
        ("Microsoft Copilot", "", "Copilot", None, "AI Assistants"),
        ("Brave", "", "Brave Search", None, "Organic Search"),
        *(
            (f"android-app://{app}", f"android-app://{app}", name, app, channel)
            for app, name, channel in (
                ("com.slack", "Slack", "Organic Social"),
                ("com.example.reader", "com.example.reader", "Referral"),
            )
        ),
    )
    table = "".join(f"2024-03-01,{line[0]},{line[1]},,,,,,1,1,1,0,1\n" for line in lines)
    take_in(zipped(export({"sources": table})))
    found = shown(engine)
    assert set(values(found, "source")) == {line[2] for line in lines}
    assert set(values(found, "referrer")) == {line[3] for line in lines if line[3]}
    assert set(values(found, "channel")) == {line[4] for line in lines}


def test_they_join_a_days_own_numbers_and_survive_its_next_sum(
    app: Flask, engine: Engine, take_in: TakeIn, zipped: Zipped, keep: Keep, run: Run
) -> None:
    keep([seen("/", days=3, country="US")])
    day = shown(engine, "28d").curve[-4].bucket.start.date()
    said = {"visitors": f"{day},10,25,4,12,900\n", "locations": f"{day},US,,0,4,5,200,1,9\n"}
    take_in(zipped(export(said)))
    assert shown(engine, "28d").totals == Totals(11, 13, 26, 5, 900)
    keep([seen("/", days=3, visitor=2)])
    with engine.begin() as connection:
        rollups.close_months(connection, date(2030, 1, 1))
    found = shown(engine, "28d")
    assert found.totals == Totals(12, 14, 27, 6, 900)
    assert found.countries == {"US": 5, None: 1}
    with engine.connect() as connection:
        retention.apply(connection, (Site("blog.test", keep_days=1),), datetime.now(UTC))
    assert shown(engine, "28d").totals == found.totals
    assert run(app, "imports", "delete", "1").exit_code == 0
    assert shown(engine, "28d").totals == Totals(2, 2, 2, 2, 0)


def test_the_same_tables_in_another_file_add_nothing(
    engine: Engine, take_in: TakeIn, zipped: Zipped, tmp_path: Path
) -> None:
    take_in(zipped(export()))
    before = shown(engine)
    backwards = {
        name: "\n".join([lines[0], *reversed(lines[1:])]) + "\n"
        for name, text in reversed(export().items())
        for lines in [text.splitlines()]
    }
    assert "imported before" in take_in(zipped(backwards, "b.zip"))
    assert shown(engine) == before


def test_a_later_export_takes_the_place_of_an_earlier_one(
    app: Flask, engine: Engine, take_in: TakeIn, zipped: Zipped, run: Run, rows: Rows
) -> None:
    take_in(zipped(export({"visitors": "2024-03-01,10,25,4,12,900\n2024-03-02,1,1,1,1,0\n"})))
    later = "2024-03-01,10,25,4,12,900\n2024-03-02,6,10,6,6,0\n2024-03-03,1,1,1,1,0\n"
    take_in(zipped(export({"visitors": later}), "b.zip"))
    assert [point.totals.visits for point in shown(engine).curve[:4]] == [12, 6, 1, 0]
    for number in (1, 2):
        assert run(app, "imports", "delete", number).exit_code == 0
    assert rows("SELECT * FROM daily") == rows("SELECT * FROM imported_daily") == []


def test_a_field_that_the_site_does_not_collect_is_left_out(
    elsewhere: Flask, zipped: Zipped, run: Run
) -> None:
    settings = elsewhere.extensions["settings"]
    site = Site("blog.test", collect=frozenset({"country"}))
    elsewhere.extensions["settings"] = type(settings)(
        (site,), settings.socket, settings.spool, settings.keys, settings.database
    )
    assert run(elsewhere, "import", zipped(export())).exit_code == 0
    found = shown(elsewhere.extensions["engine"])
    assert values(found, "country") == {"US": (0, 7, 14)}
    for dimension in ("source", "channel", "utm_campaign", "browser", "system", "screen"):
        assert not found.tables[dimension].rows
    assert {row.scroll_depth for row in found.tables["page"].rows} == {None}


def test_files_of_one_name_are_two_files(
    engine: Engine, take_in: TakeIn, zipped: Zipped, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    first = zipped(export({"visitors": "2024-03-01,10,25,4,12,900\n"}), "other/a.zip")
    second = zipped(export({"visitors": "2024-03-01,10,25,4,12,900\n2024-03-02,6,10,6,6,0\n"}))
    take_in(first, second, first)
    assert shown(engine).totals == Totals(16, 18, 35, 10, 900)


def test_the_worker_may_sum_the_same_day_at_the_same_time(
    engine: Engine, take_in: TakeIn, zipped: Zipped, keep: Keep
) -> None:
    keep([seen("/", days=3, country="US")])
    day = shown(engine, "28d").curve[-4].bucket.start.date()
    file = zipped(export({"visitors": f"{day},10,25,4,12,900\n"}))
    with engine.connect() as worker, ThreadPoolExecutor(1) as threads:
        with worker.begin():
            rollups.rebuild(worker, 1, day, SITE.time_zone)
            importing = threads.submit(take_in, file)
            with pytest.raises(TimeoutError):
                importing.result(timeout=2)
        importing.result(timeout=30)
        assert shown(engine, "28d").totals == Totals(11, 13, 26, 5, 900)
        with worker.begin():
            rollups.rebuild(worker, 1, day, SITE.time_zone)
    assert shown(engine, "28d").totals == Totals(11, 13, 26, 5, 900)


WRONG = [
    ("visitors", "2024-03-01,1,1,1,1,1\n2024-13-01,1,1,1,1,1\n", "line 3: date is '2024-13-01'"),
    ("visitors", "2024-03-01,1,-1,1,1,1\n", "line 2: pageviews is '-1'; it must be from 0"),
    ("visitors", "2024-03-01,1,٣,1,1,1\n", "line 2: pageviews is '٣'; it must be a whole"),
    ("visitors", "2024-03-01,1,1\n", "line 2: it has 3 columns, and the first line has 6"),
    ("visitors", "2999-03-01,1,1,1,1,1\n", "line 2: date is 2999-03-01; it must be between"),
    ("pages", '2024-03-01,h,"/a\x00",1,1,1,1,1,1,1\n', "line 2: page must be text without NUL"),
    ("pages", '2024-03-01,h,"/a\n', "line 2: it is no CSV"),
    ("custom_events", "2024-03-01,,,,1,1\n", "line 2: name is missing"),
]


@pytest.mark.parametrize(("table", "text", "said"), WRONG)
def test_a_wrong_line_is_named_and_nothing_is_taken_of_any_file(
    app: Flask,
    engine: Engine,
    zipped: Zipped,
    run: Run,
    rows: Rows,
    table: str,
    text: str,
    said: str,
) -> None:
    wrong = zipped(export(TABLES | {table: text}), "wrong.zip")
    done = run(app, "import", "--site", "blog.test", zipped(export()), wrong)
    assert done.exit_code == 1
    assert f"Nothing was imported. wrong.zip, imported_{table}_{DATES}.csv, {said}" in done.output
    assert "Traceback" not in done.output
    for kept in ("daily", "imports", "imported_daily", "texts", "sites", "stale_days"):
        assert rows(f"SELECT * FROM {kept}") == [], kept


def test_numbers_that_add_up_to_nonsense_are_refused(
    app: Flask, engine: Engine, zipped: Zipped, run: Run, rows: Rows
) -> None:
    text = "2024-03-01,100000000,1,1,1,1\n" * 30
    done = run(app, "import", "--site", "blog.test", zipped(export({"visitors": text})))
    assert (done.exit_code, "too large to be true" in done.output) == (1, True)
    assert rows("SELECT * FROM imports") == []


def test_without_campaigns_an_app_is_what_its_referrer_says(
    untagged: Flask, zipped: Zipped, run: Run
) -> None:
    app = "2024-03-01,letter,android-app://com.slack,letter,,,,,1,1,1,0,1\n"
    assert run(untagged, "import", zipped(export({"sources": app}))).exit_code == 0
    found = shown(untagged.extensions["engine"])
    assert set(values(found, "source")) == {"Slack"}
    assert set(values(found, "channel")) == {"Organic Social"}
    assert set(values(found, "referrer")) == {"com.slack"}


def test_without_campaigns_a_source_is_what_the_referrer_says(
    untagged: Flask, zipped: Zipped, run: Run
) -> None:
    assert run(untagged, "import", zipped(export())).exit_code == 0
    found = shown(untagged.extensions["engine"])
    assert values(found, "source") == {"Google": (6, 7, 12), None: (8, 8, 14)}
    assert values(found, "channel") == {"Organic Search": (6, 7, 12), "Direct": (8, 8, 14)}
    assert values(found, "referrer") == {"google.com": (6, 7, 12)}
    assert not found.tables["utm_campaign"].rows
