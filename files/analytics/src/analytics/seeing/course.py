"""The course of a period, as a curve: its points in the reader's words, and the same as a table."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from analytics.seeing import charts, intervals
from analytics.seeing.charts import Mark
from analytics.seeing.formats import NOTHING, Reader
from analytics.seeing.measures import Measure, measure_of, write, write_short
from analytics.seeing.menus import Item
from analytics.seeing.page import Scene
from analytics.seeing.report import Point, Report

_INTERVALS = {"hour": "Hours", "day": "Days", "week": "Weeks", "month": "Months"}


@dataclass(frozen=True, slots=True)
class Course:
    """A picture, its table (name, now, before) and the switch of its interval."""

    picture: Markup
    label: str
    rows: Sequence[tuple[str, str, str]]
    intervals: Sequence[Item]
    compared: bool


def course(report: Report, scene: Scene) -> Course:
    """The period's course by the measure that the view asks for."""
    reader = scene.reader
    measure = measure_of(scene.site, report.view.metric)
    drawn = charts.labelled(len(report.curve))
    marks = [
        _mark(point, measure, scene, number in drawn) for number, point in enumerate(report.curve)
    ]
    known = [one for mark in marks for one in (mark.value, mark.before) if one is not None]
    lines = [
        (value, write_short(reader, measure.unit, value))
        for value in charts.scale(max(known, default=0), measure.unit)
    ]
    return Course(
        charts.curve(marks, lines, f"Curve of {measure.label.lower()}; its numbers are below."),
        measure.label,
        [_row(mark, measure, reader) for mark in marks],
        [
            Item(_INTERVALS[each], scene.place.href(interval=each), each == report.view.curve)
            for each in intervals.allowed(report.view.period)
        ],
        report.before is not None,
    )


def _mark(point: Point, measure: Measure, scene: Scene, labelled: bool) -> Mark:
    interval, zone = scene.place.view.curve, scene.site.time_zone
    begun, whole = point.bucket.start <= scene.now, point.bucket.end <= scene.now
    value = measure.value(point.totals) if begun else None
    before = measure.value(point.before) if point.before else None
    name = scene.reader.bucket_in_full(point.bucket, interval, zone)
    return Mark(
        value,
        before,
        scene.reader.bucket(point.bucket, interval, zone) if labelled else "",
        _title(name, measure, scene.reader, value, before, whole),
        whole,
    )


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
