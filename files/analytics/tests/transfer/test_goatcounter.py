"""GoatCounter's CSV: page views become visits by their sessions, whatever their order."""

import gzip
import random
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, text

TakeIn = Callable[..., str]
Rows = Callable[[str], list[Any]]
Run = Callable[..., Any]

HEAD = (
    "2Path,Title,Event,UserAgent,Browser,System,Session,Bot,Referrer,Referrer scheme,"
    "Screen size,Location,FirstVisit,Date"
)
DAY = datetime.now(UTC).replace(hour=10, minute=0, second=0, microsecond=0) - timedelta(days=9)


def hit(
    path: str,
    minutes: float,
    session: str = "a1-1",
    *,
    event: bool = False,
    bot: int = 0,
    referrer: str = "",
    scheme: str = "",
    day: datetime = DAY,
    system: str = "Windows 10",
) -> str:
    moment = f"{day + timedelta(minutes=minutes):%Y-%m-%dT%H:%M:%SZ}"
    return (
        f'{path},"A, title",{str(event).lower()},,Firefox 140,{system},{session},{bot},'
        f'{referrer},{scheme},"1440,900,2",US-TX,true,{moment}'
    )


HITS = [
    hit("/", 0, referrer="news.ycombinator.com/item", scheme="h"),
    hit("/a", 5),
    hit("/a", 90),
    hit("/b", 0, "b2-2", referrer="Newsletter", scheme="c"),
    hit("signup", 1, "b2-2", event=True),
    hit("/", 3, "c3-3", bot=4),
    hit("/", 4, ""),
    hit("/", 4, "0"),
]
VISITS = """
SELECT v.bounce, v.page_views, v.seconds, n.text, x.text, s.text, channel.text, r.text
FROM visits v JOIN texts n ON n.id = v.entry JOIN texts x ON x.id = v.exit
JOIN arrivals a ON a.id = v.arrival JOIN texts channel ON channel.id = a.channel
LEFT JOIN texts s ON s.id = a.source LEFT JOIN texts r ON r.id = a.referrer ORDER BY 1, 2, 3, 4, 6
"""


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., Path]:
    def write(hits: Sequence[str] = HITS, name: str = "goat.csv", head: str = HEAD) -> Path:
        (tmp_path / name).write_text("\n".join([head, *hits]) + "\n")
        return tmp_path / name

    return write


def test_sessions_become_visits(take_in: TakeIn, written: Callable[..., Path], rows: Rows) -> None:
    assert "4 visits, 7 events" in take_in(written())
    assert rows(VISITS) == [
        (0, 1, 60, "/b", "/b", "Newsletter", "Email", None),
        (0, 2, 0, "/", "/", None, "Direct", None),
        (0, 2, 300, "/", "/a", "Hacker News", "Organic Social", "news.ycombinator.com/item"),
        (1, 1, 0, "/a", "/a", None, "Direct", None),
    ]
    assert rows(
        "SELECT DISTINCT c.text, b.text, s.text, d.text FROM clients k"
        " JOIN texts c ON c.id = k.country JOIN texts b ON b.id = k.browser"
        " JOIN texts s ON s.id = k.system JOIN texts d ON d.id = k.screen"
    ) == [("US", "Firefox", "Windows", "Desktop")]
    assert rows("SELECT count(*) FROM visits WHERE visitor = 0 AND page_views > 0") == [(1,)]
    assert rows("SELECT sum(visits), sum(page_views) FROM daily WHERE dimension = 1") == [(4, 6)]


def test_order_and_packing_make_no_difference(
    take_in: TakeIn, written: Callable[..., Path], rows: Rows, tmp_path: Path
) -> None:
    take_in(written())
    before = rows("SELECT * FROM visits ORDER BY id"), rows("SELECT * FROM daily ORDER BY 1,2,3,4")
    shuffled = list(HITS)
    random.Random(1).shuffle(shuffled)  # noqa: S311 - no secret
    packed = tmp_path / "again.csv.gz"
    packed.write_bytes(gzip.compress(written(shuffled, "shuffled.csv").read_bytes()))
    assert "imported before" in take_in(packed)
    after = rows("SELECT * FROM visits ORDER BY id"), rows("SELECT * FROM daily ORDER BY 1,2,3,4")
    assert after == before


def test_a_longer_export_adds_only_what_is_new(
    take_in: TakeIn, written: Callable[..., Path], rows: Rows
) -> None:
    take_in(written(HITS[:4]))
    take_in(written([*HITS, hit("/new", 300, "d4-4")], "longer.csv"))
    assert rows("SELECT count(*) FROM visits") == [(5,)]
    assert rows("SELECT sum(page_views) FROM daily WHERE dimension = 1") == [(7,)]


def test_years_that_are_older_than_events_are_kept_become_sums(
    take_in: TakeIn, written: Callable[..., Path], rows: Rows
) -> None:
    old = datetime(2020, 5, 31, 23, 50, tzinfo=UTC)
    hits = [hit("/", 0, day=old), hit("/a", 20, day=old), hit("/", 0)]
    take_in(written(hits))
    assert rows(
        "SELECT day::text, visitors, visits, page_views FROM daily WHERE dimension = 1 ORDER BY 1"
    )[:2] == [("2020-05-31", 1, 1, 1), ("2020-06-01", 0, 0, 1)]
    assert rows("SELECT count(*) FROM visits") == [(1,)]
    take_in(written([*hits, hit("/b", 20)], "longer.csv"))
    assert rows("SELECT sum(page_views) FROM daily WHERE dimension = 1") == [(4,)]


def test_the_first_version_is_read_too(
    take_in: TakeIn, written: Callable[..., Path], rows: Rows
) -> None:
    head = (
        "1Path,Title,Event,Bot,Session,FirstVisit,Referrer,Referrer scheme,Browser,Screen size,"
        "Location,Date"
    )
    agents = [
        "Mozilla/5.0 (iPhone; CPU iPhone OS 15_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like"
        " Gecko) Version/15.0 Mobile/15E148 Safari/604.1",
        "Mozilla/5.0 (X11; Linux x86_64; rv:88.0) Gecko/20100101 Firefox/88.0",
        "of no known kind",
    ]
    lines = [
        f'/x,T,false,0,s{number},true,,,"{agent}",{size},DE,{DAY.isoformat()}'
        for number, (agent, size) in enumerate(zip(agents, ("", '"800,600,1"', ""), strict=True))
    ]
    take_in(written(lines, head=head))
    assert rows("SELECT page_views, bounce FROM visits") == [(1, 1)] * 3
    assert rows(
        "SELECT b.text, s.text, d.text FROM clients k LEFT JOIN texts b ON b.id = k.browser"
        " LEFT JOIN texts s ON s.id = k.system LEFT JOIN texts d ON d.id = k.screen ORDER BY 1"
    ) == [("Firefox", "GNU/Linux", "Tablet"), ("Safari", "iOS", "Mobile"), (None, None, None)]
    # Nothing else of a user agent has come to rest.
    assert rows("SELECT text FROM texts WHERE text ~ 'Mozilla|known'") == []


def test_pages_are_called_as_those_that_are_counted_here(
    client_with: Callable[..., FlaskClient],
    written: Callable[..., Path],
    run: Run,
    rows: Rows,
) -> None:
    service = client_with(kept_parameters=("id",)).application
    paths = [
        "/search?q=me%40home.example",
        "/item?x=1&id=7",
        "/%C3%BC%20b",
        "/#/about?token=1",
        "/%00",
    ]
    file = written([hit(path, number) for number, path in enumerate(paths)])
    assert run(service, "import", "--site", "blog.test", file).exit_code == 0
    assert rows("SELECT t.text FROM events e JOIN texts t ON t.id = e.path ORDER BY e.time") == [
        ("/search",),
        ("/item?id=7",),
        ("/ü b",),
        ("/#/about",),
        ("/%00",),
    ]


def test_systems_without_a_version_are_called_as_with_one(
    take_in: TakeIn, written: Callable[..., Path], rows: Rows
) -> None:
    systems = ["Linux ", "Chrome OS ", "Chrome OS 126", " "]
    take_in(written([hit("/", 60 * n, f"a-{n}", system=one) for n, one in enumerate(systems)]))
    assert rows(
        "SELECT s.text FROM visits v JOIN clients k ON k.id = v.client"
        " LEFT JOIN texts s ON s.id = k.system ORDER BY v.start"
    ) == [("GNU/Linux",), ("ChromeOS",), ("ChromeOS",), (None,)]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (HITS[0].replace("Z", "x"), "line 10: Date is "),
        (HITS[0].replace("/,", ",", 1), "line 10: 2Path is missing"),
        (HITS[0].replace(",0,", ",no,"), "line 10: Bot is 'no'"),
        ("x" * 600_000, "line 10: it is too long"),
        ("\udcff", "line 10: it is not text in UTF-8"),
    ],
)
def test_a_wrong_line_is_named(
    app: Flask, engine: Engine, run: Run, rows: Rows, tmp_path: Path, line: str, said: str
) -> None:
    file = tmp_path / "goat.csv"
    text = "\n".join([HEAD, *HITS, line]) + "\n"
    file.write_bytes(text.encode(errors="surrogateescape"))
    done = run(app, "import", "--site", "blog.test", file)
    assert done.exit_code == 1
    assert f"Nothing was imported. goat.csv, {said}" in done.output
    assert rows("SELECT * FROM visits") == []


def test_without_campaigns_a_link_s_own_words_are_left(
    untagged: Flask, written: Callable[..., Path], run: Run
) -> None:
    assert run(untagged, "import", written()).exit_code == 0
    with untagged.extensions["engine"].connect() as connection:
        assert {(row[5], row[6]) for row in connection.execute(text(VISITS))} == {
            (None, "Direct"),
            ("Hacker News", "Organic Social"),
        }
