"""/privacy: what is counted on the site that is asked, for whoever visits it.

A site that is elsewhere links `/privacy?site=shop.example` of the host that counts it.
"""

from flask import Blueprint, abort, render_template, request, url_for

from analytics import here
from analytics.config import current_settings
from analytics.privacy.statement import statement_of
from analytics.sites import Site
from analytics.taking.visitors import VISIT_MINUTES


def blueprint(path: str) -> Blueprint:
    """Serves the page at `path`, which begins with a slash. It asks no database and no cookie."""
    privacy = Blueprint("privacy", __name__, template_folder="templates")
    privacy.add_app_template_global(address, "privacy_address")

    @privacy.get(path)
    def show() -> str:
        site = _asked_site()
        return render_template(
            "privacy.html",
            site=site,
            # Of a site that is elsewhere: where it is counted.
            counted_by=None if site is here.site() else here.site().domain,
            statement=statement_of(site),
            visit_minutes=VISIT_MINUTES,
            backup_days=current_settings().backup_days,
            # Counted from a log there is no script that could obey a mark in the browser.
            by_script=site.count_from == "script",
            # A browser keeps its mark for each origin by itself.
            switch=site.count_from == "script" and site is here.site(),
            signals="1" in (request.headers.get("DNT"), request.headers.get("Sec-GPC")),
        )

    return privacy


def address(site: Site) -> str | None:
    """Where a site's page is; None when the owner wants none."""
    if not current_settings().privacy_path:
        return None
    return url_for("privacy.show", site=None if site is here.site() else site.domain)


def _asked_site() -> Site:
    """The site that is named, or else the one that is here; 404 for a name that is none."""
    named = request.args.get("site")
    if named is None:
        return here.site()
    return current_settings().site_of(named) or abort(404)
