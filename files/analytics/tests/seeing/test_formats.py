"""Formats: each reader reads numbers, times and dates as at home, and no header breaks the page."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from analytics.seeing import formats
from analytics.seeing.formats import ENGLISH, Change, Reader, reader
from analytics.seeing.intervals import Bucket, Interval, buckets
from analytics.seeing.periods import parse
from babel import Locale, localedata
from babel.localedata import locale_identifiers
from hypothesis import given
from hypothesis import strategies as st

BERLIN = ZoneInfo("Europe/Berlin")
TODAY = date(2026, 3, 30)
DASH = "\N{EN DASH}"
MINUS = "\N{MINUS SIGN}"

GERMAN = Reader(Locale("de"))
FRENCH = Reader(Locale("fr"))


def plain(text: str) -> str:
    """The text with the spaces that CLDR uses as plain ones."""
    return " ".join(text.split())


def points(period: str, interval: Interval) -> list[Bucket]:
    return buckets(parse(period, TODAY), interval, BERLIN)


@pytest.fixture(autouse=True)
def none_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    """The locales that one test's readers took are free for the next."""
    monkeypatch.setattr(formats, "_readers", {})


@pytest.mark.parametrize(
    ("header", "tag"),
    [
        ("de-CH,de;q=0.9,en;q=0.8", "de-CH"),
        ("en-US", "en-US"),
        ("nl; q=0.5, fr", "fr"),
        ("de-XX", "de"),
        ("zh-TW", "zh-Hant-TW"),
        ("xx, pt-br;q=0.3", "pt-BR"),
        ("fr;q=0, it;q=0.001", "it"),
        ("*", "en"),
        ("", "en"),
        (None, "en"),
        ("../../etc/passwd, \0, de\udc80", "en"),
    ],
)
def test_the_best_language_that_is_known_is_read(header: str | None, tag: str) -> None:
    assert reader(header).tag == tag


@given(st.text() | st.lists(st.from_regex(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}")).map(",".join))
def test_any_header_makes_a_reader(header: str) -> None:
    assert reader(header).number(1)


def test_whoever_comes_last_reads_as_at_home_and_strangers_keep_no_more_than_a_few_locales() -> (
    None
):
    tags = ("de-AT", "fr", "nl", "it", "es-MX", "pt", "sv", "zh-Hant-TW", "en-GB", "en", "ja", "de")
    for tag in tags * 2:
        found = reader(tag)
        assert found.tag == tag
        assert found.percent(0.5) == Reader(Locale.parse(tag, sep="-")).percent(0.5)
    assert {"en", "ja", "de"} < localedata._cache.keys()
    assert not {"fr", "nl", "it", "de_AT"} & localedata._cache.keys()
    # Some have a parent.
    assert len(localedata._cache) <= 2 * 6 + 2


@pytest.mark.integration
def test_many_readers_at_once_each_read_as_at_home() -> None:
    tags = ("de", "xx", "fr", "nl-XX", "it", "es", "pt", "sv", "ja", "zh-TW") * 20
    with ThreadPoolExecutor(8) as readers:
        found = [*readers.map(lambda tag: reader(tag).percent(0.5), tags)]
    assert found == [reader(tag).percent(0.5) for tag in tags]


def test_who_still_writes_in_a_locale_that_is_forgotten_can(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(formats, "_MAX_LOCALES", 1)
    early = reader("de")
    reader("fr").number(1)
    assert early.decimal(1234.5) == "1.234,5"
    assert reader("nl").tag == "nl"


@pytest.mark.parametrize(
    ("locale", "exact", "compact", "percent", "decimal"),
    [
        ("en", "1,234,567", "1.2M", "12%", "2.5"),
        ("de", "1.234.567", "1,2 Mio.", "12 %", "2,5"),
        ("fr", "1 234 567", "1,2 M", "12 %", "2,5"),
        ("hi", "12,34,567", "12.3 लाख", "12%", "2.5"),
    ],
)
def test_numbers(locale: str, exact: str, compact: str, percent: str, decimal: str) -> None:
    found = Reader(Locale(locale))
    assert plain(found.number(1234567)) == exact
    assert plain(found.compact(1234567)) == compact
    assert plain(found.percent(0.1234)) == percent
    assert found.decimal(2.5) == decimal


@pytest.mark.parametrize(
    ("found", "number", "text"),
    [
        (ENGLISH, 0, "0"),
        (ENGLISH, 9999, "9,999"),
        (ENGLISH, 12345, "12.3K"),
        (ENGLISH, 10000, "10K"),
        (GERMAN, 12345, "12.345"),
        (FRENCH, 12345, "12,3 k"),
    ],
)
def test_a_number_is_compact_where_that_is_shorter(found: Reader, number: int, text: str) -> None:
    assert plain(found.compact(number)) == text


@pytest.mark.parametrize(
    ("ratio", "text"),
    [(0, "0%"), (0.004, "0.4%"), (0.0004, "0%"), (0.01, "1%"), (0.5, "50%"), (1, "100%")],
)
def test_a_small_share_is_not_told_as_none(ratio: float, text: str) -> None:
    assert ENGLISH.percent(ratio) == text


@pytest.mark.parametrize(
    ("seconds", "english", "german"),
    [
        (0, "0s", "0 Sek."),
        (59.4, "59s", "59 Sek."),
        (59.6, "1m", "1 Min."),
        (83, "1m 23s", "1 Min. 23 Sek."),
        (3600, "1h", "1 Std."),
        (7500, "2h 5m", "2 Std. 5 Min."),
        (7259.7, "2h 1m", "2 Std. 1 Min."),
    ],
)
def test_durations(seconds: float, english: str, german: str) -> None:
    assert ENGLISH.duration(seconds) == english
    assert plain(GERMAN.duration(seconds)) == german


@pytest.mark.parametrize(
    ("now", "before", "text", "trend"),
    [
        (112, 100, "+12%", "up"),
        (97, 100, f"{MINUS}3%", "down"),
        (0, 100, f"{MINUS}100%", "down"),
        (1000, 1001, "0%", "flat"),
        (100, 100, "0%", "flat"),
        (12345, 1, "+1,234,400%", "up"),
        (5, 0, "new", "up"),
        (0, 0, DASH, "none"),
        (None, 3, DASH, "none"),
        (3, None, DASH, "none"),
    ],
)
def test_changes(now: float | None, before: float | None, text: str, trend: formats.Trend) -> None:
    assert ENGLISH.change(now, before) == Change(text, trend)


@pytest.mark.parametrize(
    ("now", "before", "text", "trend"),
    [
        (57, 56, "+1 pt", "up"),
        (56.4, 57.6, f"{MINUS}2 pt", "down"),
        (56.4, 55.6, "0 pt", "flat"),
        (20, 0, "+20 pt", "up"),
        (0, 0, DASH, "none"),
        (None, 3, DASH, "none"),
        (3, None, DASH, "none"),
    ],
)
def test_changes_of_what_is_a_percentage_itself(
    now: float | None, before: float | None, text: str, trend: formats.Trend
) -> None:
    found = ENGLISH.points(now, before)
    assert (plain(found.text), found.trend) == (text, trend)


def test_a_number_that_nobody_knows_is_a_dash() -> None:
    for write in (ENGLISH.number, ENGLISH.compact, ENGLISH.decimal):
        assert write(None) == DASH
    assert ENGLISH.percent(None) == ENGLISH.duration(None) == DASH


def test_dates() -> None:
    first, last = date(2026, 3, 2), date(2026, 3, 8)
    assert plain(ENGLISH.days(first, last)) == f"Mar 2 {DASH} 8, 2026"
    assert plain(GERMAN.days(first, last)) == f"2.{DASH}8. März 2026"
    assert ENGLISH.days(first, first) == ENGLISH.day(first) == "Mar 2, 2026"
    assert (ENGLISH.weekday(first), FRENCH.weekday(first)) == ("Monday", "lundi")


@pytest.mark.parametrize(
    ("interval", "english", "german"),
    [
        ("hour", "12 AM", "00:00"),
        ("day", "Dec 30", "30. Dez."),
        ("week", f"Dec 30 {DASH} Jan 4", f"30. Dez. {DASH} 4. Jan."),
        ("month", "Dec 2025", "Dez. 2025"),
    ],
)
def test_labels_of_the_axis(interval: Interval, english: str, german: str) -> None:
    first = points("2025-12-30..2026-02-03", interval)[0]
    assert plain(ENGLISH.bucket(first, interval, BERLIN)) == english
    assert plain(GERMAN.bucket(first, interval, BERLIN)) == german


@pytest.mark.parametrize(
    ("interval", "english", "german"),
    [
        ("hour", "Tue, Dec 30, 12:00 AM", "Di., 30. Dez., 00:00"),
        ("day", "Tuesday, December 30, 2025", "Dienstag, 30. Dezember 2025"),
        ("week", f"Dec 30, 2025 {DASH} Jan 4, 2026", f"30. Dez. 2025 {DASH} 4. Jan. 2026"),
        ("month", "December 2025", "Dezember 2025"),
    ],
)
def test_labels_in_full(interval: Interval, english: str, german: str) -> None:
    first = points("2025-12-30..2026-02-03", interval)[0]
    assert plain(ENGLISH.bucket_in_full(first, interval, BERLIN)) == english
    assert plain(GERMAN.bucket_in_full(first, interval, BERLIN)) == german


def test_an_axis_is_by_the_clock_that_is_told_beside_it() -> None:
    canadian = Reader(Locale("fr", "CA"))
    (bucket,) = [one for one in points("2025-12-30", "hour") if one.label[11:13] == "14"]
    assert plain(canadian.bucket(bucket, "hour", BERLIN)) == "14 h 00"
    assert plain(canadian.bucket_in_full(bucket, "hour", BERLIN)).endswith("14 h 00")


@pytest.mark.parametrize("locale", ["ar", "fa", "he"])
def test_what_is_written_from_right_to_left_stays_in_its_order(locale: str) -> None:
    found = Reader(Locale(locale))
    first = points("2025-12-30..2026-02-03", "week")[0]
    day = date(2026, 3, 5)
    written = [found.duration(83), found.day(day), found.days(day, TODAY)]
    for interval in ("hour", "day", "week", "month"):
        written += [found.bucket(first, interval, BERLIN)]
        written += [found.bucket_in_full(first, interval, BERLIN)]
    for text in written:
        assert (text[0], text[-1]) == ("\u2067", "\u2069")
    assert found.duration(None) == DASH


def test_an_hour_that_comes_twice_says_which_one_it_is() -> None:
    labels = [
        plain(GERMAN.bucket_in_full(bucket, "hour", BERLIN))
        for bucket in points("2025-10-26", "hour")
    ]
    assert labels[1:5] == [
        "So., 26. Okt., 01:00",
        "So., 26. Okt., 02:00 GMT+02:00",
        "So., 26. Okt., 02:00 GMT+01:00",
        "So., 26. Okt., 03:00",
    ]


def test_an_hour_that_begins_at_the_half_shows_its_minutes() -> None:
    zone = ZoneInfo("Australia/Lord_Howe")
    found = buckets(parse("2025-04-06", TODAY), "hour", zone)
    labels = [plain(ENGLISH.bucket(bucket, "hour", zone)) for bucket in found]
    assert labels[:4] == ["12 AM", "1 AM", "1:30 AM", "2 AM"]


@given(
    st.sampled_from(sorted(each for each in locale_identifiers() if "_" not in each)),
    st.floats(-1e15, 1e15) | st.integers(0, 10**18),
    st.datetimes(datetime(1991, 1, 1), datetime(2040, 1, 1)),
)
def test_every_language_of_babel_writes_everything(
    language: str, number: float, moment: datetime
) -> None:
    """Many of CLDR's languages lack forms, and Babel then raises or writes the form's key."""
    found = Reader(Locale.parse(language))
    start = moment.replace(tzinfo=UTC)
    bucket = Bucket(start, start + timedelta(days=7), "")
    written = [
        found.number(number),
        found.compact(number),
        found.decimal(number),
        found.percent(number),
        found.duration(abs(number)),
        found.change(number, 7).text,
        found.points(number, 7).text,
        found.day(moment.date()),
        found.days(moment.date(), moment.date() + timedelta(days=40)),
        found.weekday(moment.date()),
        found.time(start, BERLIN),
    ]
    for interval in ("hour", "day", "week", "month"):
        written += [found.bucket(bucket, interval, BERLIN)]
        written += [found.bucket_in_full(bucket, interval, BERLIN)]
    assert all(written)
    assert not any("duration-" in text for text in written)
