"""/privacy: what is counted on the site that is asked, for whoever visits it."""

from flask import Blueprint, render_template, request, url_for

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
            statement=statement_of(site),
            visit_minutes=VISIT_MINUTES,
            # Counted from a log there is no script that could obey a mark in the browser.
            by_script=site.count_from == "script",
            signals="1" in (request.headers.get("DNT"), request.headers.get("Sec-GPC")),
        )

    return privacy


def address(site: Site) -> str | None:
    """Where a site's page is; None when the owner wants none."""
    path = current_settings().privacy_path
    if not path:
        return None
    return url_for("privacy.show") if site is _asked_site() else f"https://{site.domain}{path}"


def _asked_site() -> Site:
    """The site of the request's host; the first under any other name, as in development."""
    settings = current_settings()
    return settings.site_of(request.host.partition(":")[0]) or settings.sites[0]
