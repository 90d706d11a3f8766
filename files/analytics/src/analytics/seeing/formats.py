"""Formats: numbers, times and dates as the reader of the dashboard writes them."""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from threading import Lock
from typing import Literal
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError, dates, localedata, numbers, units

from analytics.seeing.intervals import Bucket, Interval

NOTHING = "\N{EN DASH}"
_MINUS = "\N{MINUS SIGN}"
# https://www.w3.org/International/questions/qa-bidi-unicode-controls
_FROM_RIGHT, _END = "\N{RIGHT-TO-LEFT ISOLATE}", "\N{POP DIRECTIONAL ISOLATE}"
# From here on a number has fewer digits in its compact form: 9,876 but 12.3K.
_LONG_NUMBER = 10_000
# A locale takes 1 to 2 MB and 5 ms, and Babel never forgets one by itself: strangers must not keep
# all thousand. Asked for in turn, these leave 30 MB of gaps in the process's memory and no more.
# https://github.com/python-babel/babel/blob/v2.18.0/babel/localedata.py
_MAX_LOCALES = 6
_MAX_HEADER = 1000
_MAX_TAGS = 10
_TAG = re.compile(
    r"\s*([a-zA-Z]{2,3}(?:-[a-zA-Z0-9]{2,8}){0,3})\s*(?:;\s*q=([01](?:\.[0-9]{0,3})?)\s*)?"
)
# Words in CLDR's patterns, such as the "h" of `14 h 30`.
_QUOTED = re.compile("'[^']*'")

Trend = Literal["up", "down", "flat", "none"]


@dataclass(frozen=True, slots=True)
class Change:
    """How a number changed, as text, and which way: `+12%`, `+1 pt`, `new`, or a dash."""

    text: str
    trend: Trend


@dataclass(frozen=True, slots=True)
class Reader:
    """Writes in one locale. A number that nobody knows is None, and written as a dash."""

    locale: Locale

    @property
    def tag(self) -> str:
        """The locale as HTML's `lang` has it: `de-CH`."""
        return str(self.locale).replace("_", "-")

    def number(self, number: float | None) -> str:
        """The exact number: `12,345`."""
        return NOTHING if number is None else numbers.format_decimal(number, locale=self.locale)

    def compact(self, number: float | None) -> str:
        """At most a few digits: `12.3K`. Show `number` as well, for whoever wants it exactly."""
        if number is None or abs(number) < _LONG_NUMBER:
            return self.number(number)
        text = numbers.format_compact_decimal(number, locale=self.locale, fraction_digits=1)
        # German has no word for a thousand here, and Babel then leaves out the separators too.
        return self.number(round(number)) if text.isdigit() else text

    def decimal(self, number: float | None) -> str:
        """With one digit after the point: `2.0`."""
        if number is None:
            return NOTHING
        return numbers.format_decimal(number, format="#,##0.0", locale=self.locale)

    def percent(self, ratio: float | None) -> str:
        """A ratio in hundredths: `45%`; of less than one, a tenth is told: `0.4%`."""
        if ratio is None:
            return NOTHING
        rounded = round(ratio, 3 if abs(ratio) < 0.01 else 2)
        return numbers.format_percent(rounded, locale=self.locale, decimal_quantization=False)

    def duration(self, seconds: float | None) -> str:
        """Seconds as the two largest units: `1m 23s`, `2h 5m`."""
        if seconds is None:
            return NOTHING
        minutes, rest = divmod(round(seconds), 60)
        hours, minutes_left = divmod(minutes, 60)
        if hours:
            parts = [(hours, "hour"), (minutes_left, "minute")]
        else:
            parts = [(minutes, "minute"), (rest, "second")]
        told = [(amount, unit) for amount, unit in parts if amount] or parts[-1:]
        return self._apart(" ".join(self._unit(amount, unit) for amount, unit in told))

    def _unit(self, amount: int, unit: str) -> str:
        # Babel writes the unit's key where CLDR lacks a form, as it does narrow ones of many
        # languages and all of a few: those read the English one.
        if self.locale.language != "en":
            text = units.format_unit(amount, f"duration-{unit}", "short", locale=self.locale)
            if unit not in text:
                return text
        return f"{self.number(amount)}{unit[0]}"

    def change(self, now: float | None, before: float | None) -> Change:
        """The change from one number to another, in whole percents."""
        if now is None or before is None or now == before == 0:
            return Change(NOTHING, "none")
        if before == 0:
            return Change("new", "up")
        hundredths = round((now - before) / before * 100)
        text = numbers.format_percent(abs(hundredths) / 100, locale=self.locale)
        return _signed(hundredths, text)

    def points(self, now: float | None, before: float | None) -> Change:
        """The change from one percentage to another: `+1 pt`, of the whole ones that are shown."""
        if now is None or before is None or now == before == 0:
            return Change(NOTHING, "none")
        change = round(now) - round(before)
        return _signed(change, f"{self.number(abs(change))}\N{NO-BREAK SPACE}pt")

    def day(self, day: date) -> str:
        """`Mar 5, 2026`."""
        return self._apart(dates.format_skeleton("yMMMd", day, locale=self.locale))

    def days(self, first: date, last: date) -> str:
        """From a day to another: `2-8 Mar 2026` in Britain."""
        return self._apart(dates.format_interval(first, last, "yMMMd", locale=self.locale))

    def weekday(self, day: date) -> str:
        """`Thursday`."""
        return dates.format_date(day, "EEEE", locale=self.locale)

    def time(self, moment: datetime, zone: ZoneInfo) -> str:
        """The time of day on the site: `2:30 PM`, and the offset where clocks show it twice."""
        local = moment.astimezone(zone)
        text = dates.format_time(local.time(), "short", locale=self.locale)
        if local.replace(fold=0).utcoffset() == local.replace(fold=1).utcoffset():
            return text
        return f"{text} {dates.get_timezone_gmt(local, 'long', locale=self.locale)}"

    def bucket(self, bucket: Bucket, interval: Interval, zone: ZoneInfo) -> str:
        """A point's label on the axis: `2 PM`, `Mar 5`, `Mar 2-8`, `Mar 2026`."""
        first, last = _days(bucket, zone)
        if interval == "hour":
            text = self._hour(bucket.start.astimezone(zone))
        elif interval == "week":
            text = dates.format_interval(first, last, "MMMd", locale=self.locale)
        else:
            skeleton = "MMMd" if interval == "day" else "yMMM"
            text = dates.format_skeleton(skeleton, first, locale=self.locale)
        return self._apart(text)

    def bucket_in_full(self, bucket: Bucket, interval: Interval, zone: ZoneInfo) -> str:
        """The same where there is room: `Thu, Mar 5, 2:00 PM`, `Thursday, March 5, 2026`."""
        first, last = _days(bucket, zone)
        if interval == "week":
            return self.days(first, last)
        if interval == "hour":
            day = dates.format_skeleton("MMMEd", first, locale=self.locale)
            text = f"{day}, {self.time(bucket.start, zone)}"
        elif interval == "day":
            text = dates.format_date(first, "full", locale=self.locale)
        else:
            text = dates.format_skeleton("yMMMM", first, locale=self.locale)
        return self._apart(text)

    def _apart(self, text: str) -> str:
        """The text with the order of its own language, whatever that of the page around it is."""
        return f"{_FROM_RIGHT}{text}{_END}" if self.locale.text_direction == "rtl" else text

    def _hour(self, local: datetime) -> str:
        half_day = "h" in _QUOTED.sub("", str(self.locale.time_formats["short"]))
        if half_day and not local.minute:
            return dates.format_skeleton("h", local.time(), locale=self.locale)
        return dates.format_time(local.time(), "short", locale=self.locale)


def reader(accept_language: str | None) -> Reader:
    """The reader whose browser sends this header; English where Babel doesn't know the language.

    Only the last few locales that anyone asked for are kept.
    https://www.rfc-editor.org/rfc/rfc9110#section-12.5.4
    """
    for tag in _tags(accept_language or ""):
        for identifier in (tag, tag.partition("-")[0]):
            # Babel goes through those that it has loaded, which meanwhile must stay as they are.
            with _one_at_a_time:
                try:
                    return _loaded(Locale.parse(identifier, sep="-"))
                except (UnknownLocaleError, ValueError):
                    continue
    return ENGLISH


ENGLISH = Reader(Locale("en"))
# Only then it is loaded; later another thread might go through what Babel has.
ENGLISH.number(0)
# The one that was asked for last is the last.
_readers: dict[str, Reader] = {}
_one_at_a_time = Lock()


def _loaded(locale: Locale) -> Reader:
    name = str(locale)
    if name == "en":
        return ENGLISH
    found = _readers.pop(name, None) or Reader(locale)
    _readers[name] = found
    found.number(0)  # only then it is loaded
    if len(_readers) > _MAX_LOCALES:
        del _readers[next(iter(_readers))]
        _forget_others()
    return found


def _forget_others() -> None:
    """Leave to Babel the locales that are kept, and what they inherit from."""
    kept = ("root_", "en_", *(f"{name}_" for name in _readers))
    for name in [*localedata._cache]:
        if not any(each.startswith(f"{name}_") for each in kept):
            localedata._cache.pop(name, None)


def _tags(header: str) -> list[str]:
    """The languages in the header, best first."""
    found = [match for part in header[:_MAX_HEADER].split(",") if (match := _TAG.fullmatch(part))]
    weighed = [(float(match[2] or 1), match[1]) for match in found]
    wanted = [(weight, tag) for weight, tag in weighed if weight > 0]
    return [tag for _, tag in sorted(wanted, key=lambda pair: -pair[0])][:_MAX_TAGS]


def _signed(change: int, size: str) -> Change:
    if change == 0:
        return Change(size, "flat")
    return Change(f"+{size}", "up") if change > 0 else Change(f"{_MINUS}{size}", "down")


def _days(bucket: Bucket, zone: ZoneInfo) -> tuple[date, date]:
    """The first and the last day that a bucket has a part of."""
    last = bucket.end - timedelta(seconds=1)
    return bucket.start.astimezone(zone).date(), last.astimezone(zone).date()
