"""A believable time of a blog, made up: it grows, rests at week ends, and has one lucky post."""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from math import exp, log
from operator import attrgetter
from random import Random
from typing import Any

from analytics.dev.audience import (
    COUNTRIES,
    DEVICES,
    HOURS,
    LUCKY,
    MONTHS,
    NEWSLETTER,
    ORIGINS,
    WEEK,
    Chance,
    Origin,
)
from analytics.spool.record import Dropped, Record

# Of a visitor's day; measured, so that about as many events come out as are asked for.
_EVENTS_A_VISITOR = 3.62

_LUCKY_POST = "/posts/counting-without-watching/"
PAGES: Mapping[str, float] = {
    "/": 30,
    _LUCKY_POST: 16,
    "/posts/in-praise-of-files/": 15,
    "/posts/what-the-padlock-promises/": 13,
    "/posts/a-place-of-ones-own/": 12,
    "/posts/keep-some-seed/": 8,
    "/posts/": 6,
    "/about": 5,
    "/colophon": 2,
}
# How likely they are on a page that is looked at, and with which properties.
_EVENTS: Mapping[str, tuple[float, Mapping[str, Mapping[str, float]]]] = {
    "Outbound Link: Click": (
        0.05,
        {"url": {"https://indieweb.org/": 5, "https://nginx.org/": 3, "https://restic.net/": 2}},
    ),
    "Newsletter": (0.012, {"place": {"end of post": 6, "footer": 3, "about": 1}}),
    "File Download": (0.008, {"url": {"https://blog.test/assets/seed-list.pdf": 1}}),
}
# Events that don't count, for each visitor.
_DROPS = {
    "bot: crawler": 0.32,
    "bot: ai": 0.28,
    "bot: scanner": 0.1,
    "bot: preview": 0.06,
    "bot: headless": 0.04,
    "do not track": 0.08,
    "spam referrer": 0.008,
}
# How many of all visitors come by a newsletter, on the days of a month that it is read.
_NEWSLETTER_DAYS = {3: 0.22, 4: 0.09, 5: 0.03}
_DAY_MS = 24 * 3600_000


class Year:
    """The events of so many days until now: the same for the same seed, day and arguments."""

    def __init__(
        self,
        site: str,
        events: int,
        days: int,
        seed: int,
        now: datetime,
        pages: Mapping[str, float] = PAGES,
        origins: Sequence[Origin] = ORIGINS,
    ) -> None:
        self._site, self._now = site, now
        self._random = random = Random(f"{seed} {now.date()}")  # noqa: S311 - no secret
        self._days = [now.date() - timedelta(days=days - 1 - index) for index in range(days)]
        self._lucky_day = self._days[int(0.62 * (days - 1))]
        usual = [
            (1 + 1.6 * index / days)
            * WEEK[day.weekday()]
            * MONTHS[day.month - 1]
            * exp(random.gauss(0, 0.09))
            for index, day in enumerate(self._days)
        ]
        self._luck = [12 * self._fame(day) for day in self._days]
        self._usual = usual
        self._scale = events / _EVENTS_A_VISITOR / (sum(usual) + sum(self._luck))
        self._countries = Chance({name: weight for name, (weight, *_) in COUNTRIES.items()})
        self._languages = {name: Chance(spoken) for name, (_, _, spoken) in COUNTRIES.items()}
        self._devices, self._pages = Chance(DEVICES), Chance(pages)
        self._hours = Chance(dict(enumerate(HOURS)))
        self._origins = Chance({index: each.weight for index, each in enumerate(origins)})
        self._fields = [each.fields() for each in origins]

    def records(self) -> Iterator[Record | Dropped]:
        """All of them, in order."""
        end = round(self._now.timestamp() * 1000)
        waiting: list[Record] = []
        for day, usual, luck in zip(self._days, self._usual, self._luck, strict=True):
            midnight = round(datetime.combine(day, time(), UTC).timestamp() * 1000)
            visitors = int(self._scale * (usual + luck) + self._random.random())
            for _ in range(visitors):
                lucky = self._random.random() < luck / (usual + luck)
                waiting += self._visitor(day, midnight, lucky)
            waiting.sort(key=attrgetter("time"))
            over = min(midnight + _DAY_MS, end)
            count = bisect_left(waiting, over, key=attrgetter("time"))
            yield from waiting[:count]
            del waiting[:count]
            drops = {reason: round(share * visitors) for reason, share in _DROPS.items()}
            reasons = {reason: events for reason, events in drops.items() if events}
            yield Dropped(time=over - 1, site=self._site, reasons=reasons)

    def _fame(self, day: date) -> float:
        """How much of its first day's fame the lucky post still has."""
        age = (day - self._lucky_day).days
        return exp(-age / 1.7) if 0 <= age < 14 else 0.0

    def _visitor(self, day: date, midnight: int, lucky: bool) -> Iterator[Record]:
        """What one visitor does in a day: some come back after a while."""
        random = self._random
        country = self._countries.draw(random)
        browser, system, screen = self._devices.draw(random)
        who = {
            "site": self._site,
            "hostname": self._site,
            "visitor": random.getrandbits(62) + 1,
            "country": country,
            "language": self._languages[country].draw(random),
            "browser": browser,
            "system": system,
            "screen": screen,
        }
        hour = self._hours.draw(random) - COUNTRIES[country][1] + random.random()
        moment = midnight + int(hour % 24 * 3600_000)
        origin = LUCKY.fields() if lucky else self._origin(day)
        yield from self._visit(moment, who | origin, lucky)
        if random.random() < 0.12:
            moment += int(random.uniform(1, 9) * 3600_000)
            yield from self._visit(moment, who | self._origin(day), lucky=False)

    def _origin(self, day: date) -> dict[str, str | None]:
        if self._random.random() < _NEWSLETTER_DAYS.get(day.day, 0):
            return {**NEWSLETTER.fields(), "utm_campaign": f"{day:%Y-%m}"}
        return self._fields[self._origins.draw(self._random)]

    def _visit(self, moment: int, fields: dict[str, Any], lucky: bool) -> Iterator[Record]:
        random = self._random
        path = _LUCKY_POST if lucky else self._pages.draw(random)
        while True:
            seconds = random.lognormvariate(log(35), 1.2)
            yield from self._look(path, moment, min(seconds, 1500), fields)
            if random.random() > (0.2 if lucky else 0.4):
                return
            moment += int(1000 * min(seconds, 1500)) + 1500
            path = self._pages.draw(random)

    def _look(
        self, path: str, moment: int, seconds: float, fields: dict[str, Any]
    ) -> Iterator[Record]:
        """A page is opened, read, and sometimes something is clicked on it."""
        random = self._random
        yield Record(time=moment, name="pageview", path=path, **fields)
        for name, (share, properties) in _EVENTS.items():
            if random.random() < share:
                props = {key: Chance(values).draw(random) for key, values in properties.items()}
                clicked = moment + int(900 * seconds)
                yield Record(time=clicked, name=name, path=path, props=props, **fields)
        if random.random() < 0.88:
            scroll = min(100, int(random.gauss(28, 9) + 24 * log(1 + seconds / 8)))
            yield Record(
                time=moment + int(1000 * seconds),
                name="engagement",
                path=path,
                engaged=int(1000 * seconds * random.uniform(0.6, 1)),
                scroll=max(0, scroll),
                **fields,
            )
