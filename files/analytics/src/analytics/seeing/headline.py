"""The headline: the numbers of the whole period, each with its change."""

from dataclasses import dataclass

from analytics.seeing.formats import Change, Reader
from analytics.seeing.links import Place
from analytics.seeing.measures import Better, Measure, measure_of, measures, write, write_short
from analytics.seeing.report import Report
from analytics.sites import Site

_SIGNS = {"up": "more", "down": "less", "flat": "the same", "none": ""}


@dataclass(frozen=True, slots=True)
class Figure:
    """One number. `tone` is good, bad or empty, for the colour; `word` says the direction."""

    label: str
    href: str
    current: bool
    text: str
    exact: str
    change: Change | None
    tone: str
    word: str
    before: str


def headline(report: Report, site: Site, place: Place, reader: Reader) -> list[Figure]:
    """The numbers in their order. A click on one draws its curve."""
    current = measure_of(site, report.view.metric)
    return [
        _figure(measure, report, place, reader, current is measure) for measure in measures(site)
    ]


def _figure(
    measure: Measure, report: Report, place: Place, reader: Reader, current: bool
) -> Figure:
    now = measure.value(report.totals)
    before = measure.value(report.before) if report.before else None
    changed = reader.points if measure.unit == "percent" else reader.change
    change = changed(now, before) if report.before else None
    return Figure(
        label=measure.label,
        href=place.href(metric=measure.metric),
        current=current,
        text=write_short(reader, measure.unit, now),
        exact=write(reader, measure.unit, now),
        change=change if change and change.trend != "none" else None,
        tone=_tone(change, measure.better),
        word=_SIGNS[change.trend] if change else "",
        before=write(reader, measure.unit, before),
    )


def _tone(change: Change | None, better: Better) -> str:
    """Whether the owner is likely to be glad of the change."""
    if change is None or change.trend not in ("up", "down") or better == "neither":
        return ""
    return "good" if (change.trend == "up") == (better == "more") else "bad"
