"""The course of a period, as a curve: its points in the reader's words, and the same as a table."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from markupsafe import Markup

from analytics.keeping.annotations import Annotation
from analytics.keeping.days import midnight
from analytics.seeing import charts, intervals
from analytics.seeing.charts import Mark
from analytics.seeing.formats import NOTHING, Reader
from analytics.seeing.intervals import Interval
from analytics.seeing.links import address
from analytics.seeing.measures import Measure, measure_of, write, write_short
from analytics.seeing.menus import Item
from analytics.seeing.page import Scene
from analytics.seeing.printable import printable
from analytics.seeing.report import Point, Report

_INTERVALS = {"hour": "Hours", "day": "Days", "week": "Weeks", "month": "Months"}
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Note:
    """An annotation as the reader sees it."""

    number: int
    day: str
    iso: str
    text: str
    remove: str
    """The address that takes it away."""


@dataclass(frozen=True, slots=True)
class Course:
    """A picture, its table (name, now, before, notes) and the switch of its interval."""

    picture: Markup
    label: str
    rows: Sequence[tuple[str, str, str, str]]
    intervals: Sequence[Item]
    compared: bool
    notes: Sequence[Note]
    add: str
    """The address that takes a new note."""


def course(report: Report, scene: Scene, annotations: Sequence[Annotation]) -> Course:
    """The period's course by the measure that the view asks for."""
    reader = scene.reader
    measure = measure_of(scene.site, report.view.metric)
    interval = _interval(report)
    drawn = charts.labelled(len(report.curve))
    notes = [_note(number, one, scene) for number, one in enumerate(annotations, 1)]
    begun = [midnight(one.day, scene.site.time_zone) for one in annotations]
    noted = [notes[_at(point, begun)] for point in report.curve]
    marks = [
        _mark(point, measure, scene, interval, number in drawn, noted[number])
        for number, point in enumerate(report.curve)
    ]
    known = [one for mark in marks for one in (mark.value, mark.before) if one is not None]
    lines = [
        (value, write_short(reader, measure.unit, value))
        for value in charts.scale(max(known, default=0), measure.unit)
    ]
    return Course(
        charts.curve(marks, lines, f"Curve of {measure.label.lower()}; its numbers are below."),
        measure.label,
        [
            (*_row(mark, measure, reader), "; ".join(note.text for note in those))
            for mark, those in zip(marks, noted, strict=True)
        ],
        [
            Item(_INTERVALS[each], scene.place.href(interval=each), each == interval)
            for each in intervals.allowed(report.view.period)
        ],
        report.before is not None,
        notes,
        address(f"{scene.place.root}/annotations", scene.place.to_query()),
    )


def _interval(report: Report) -> Interval:
    """That of the points: days, where hours were asked for and there are only sums."""
    longest = max((each.bucket.end - each.bucket.start for each in report.curve), default=_HOUR)
    return "day" if report.view.curve == "hour" and longest > _HOUR else report.view.curve


def _note(number: int, one: Annotation, scene: Scene) -> Note:
    place = scene.place
    return Note(
        number,
        scene.reader.day(one.day),
        one.day.isoformat(),
        printable(one.text),
        address(f"{place.root}/annotations/{one.id}/delete", place.to_query()),
    )


def _at(point: Point, begun: Sequence[datetime]) -> slice:
    """Which notes are of days that begin in a point's time; in hours, a day's first."""
    start, end = point.bucket.start, point.bucket.end
    return slice(bisect_left(begun, start), bisect_left(begun, end))


def _mark(
    point: Point,
    measure: Measure,
    scene: Scene,
    interval: Interval,
    labelled: bool,
    notes: Sequence[Note],
) -> Mark:
    zone = scene.site.time_zone
    begun, whole = point.bucket.start <= scene.now, point.bucket.end <= scene.now
    value = measure.value(point.totals) if begun else None
    before = measure.value(point.before) if point.before else None
    name = scene.reader.bucket_in_full(point.bucket, interval, zone)
    return Mark(
        value,
        before,
        scene.reader.bucket(point.bucket, interval, zone) if labelled else "",
        "\n".join(
            [
                _title(name, measure, scene.reader, value, before, whole),
                *(note.text for note in notes),
            ]
        ),
        whole,
        _numbers(notes),
    )


def _numbers(notes: Sequence[Note]) -> str:
    """They follow one another, for both they and the points are in the order of time."""
    if len(notes) > 1:
        return f"{notes[0].number}-{notes[-1].number}"
    return str(notes[0].number) if notes else ""


def _title(
    name: str,
    measure: Measure,
    reader: Reader,
    value: float | None,
    before: float | None,
    whole: bool,
) -> str:
    text = f"{name}\n{measure.label}: {write(reader, measure.unit, value)}"
    if not whole:
        text += " so far"
    if before is not None:
        text += f"\nBefore: {write(reader, measure.unit, before)}"
    return text


def _row(mark: Mark, measure: Measure, reader: Reader) -> tuple[str, str, str]:
    name = mark.title.partition("\n")[0]
    value = NOTHING if mark.value is None else write(reader, measure.unit, mark.value)
    return name, value, write(reader, measure.unit, mark.before)
