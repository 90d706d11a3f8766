"""What every page about a site shows around its content: menus, filters and notes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flask import current_app, url_for

from analytics import here
from analytics.access import viewer as access
from analytics.config import current_settings
from analytics.seeing import menus
from analytics.seeing.filters import Filters
from analytics.seeing.formats import Reader
from analytics.seeing.links import Place
from analytics.seeing.menus import Item
from analytics.sites import FIELDS, Site


@dataclass(frozen=True, slots=True)
class Scene:
    """Who looks at which page, and when: what all of its parts are made of."""

    site: Site
    place: Place
    now: datetime
    first_day: date | None
    reader: Reader

    @property
    def today(self) -> date:
        """The day on the site."""
        return self.now.astimezone(self.site.time_zone).date()


def frame(scene: Scene) -> Mapping[str, Any]:
    """The variables of the templates that are the same on all pages of a site."""
    abouts, hows = menus.filter_choices()
    place, read = scene.place, scene.reader
    return {
        "site": scene.site,
        "place": place,
        "reader": read,
        "first_day": scene.first_day,
        "sites": _sites(scene.site, place),
        "sees_all": len(access.visible_sites()) == len(current_settings().sites),
        "period": menus.period_menu(place, scene.today, scene.first_day, read),
        "comparisons": menus.comparison_menu(place, scene.site, scene.now, read),
        "chips": menus.chips(place),
        "no_filters": Filters(),
        "whole": menus.all_time(place, scene.today, scene.first_day),
        "abouts": abouts,
        "hows": hows,
        "not_collected": [field for field in FIELDS if not scene.site.collects(field)],
    }


def tracker(site: Site) -> Mapping[str, str]:
    """How pages of the site reach the tracker: from elsewhere by its whole address."""
    return {
        "base": "" if site is here.site() else here.origin(),
        "origin": here.origin(),
        "tracker_path": current_settings().tracker_path,
    }


def optional(endpoint: str) -> str | None:
    """The address of what another part of the service offers, if it has that part."""
    return url_for(endpoint) if endpoint in current_app.view_functions else None


def _sites(site: Site, place: Place) -> list[Item]:
    """The other sites, under the same period; filters are about the pages of this one."""
    return [
        Item(
            other.domain,
            Place(
                url_for("dashboard.site", domain=other.domain),
                place.view,
                place.shown,
            ).href(filters=Filters()),
            other is site,
        )
        for other in access.visible_sites()
    ]
