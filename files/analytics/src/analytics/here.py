"""Under which name the service is asked: one of its sites is there, the others are elsewhere."""

from flask import request

from analytics.config import current_settings
from analytics.sites import Site


def site() -> Site:
    """The site of the request's host; the first under any other name, as in development."""
    settings = current_settings()
    return settings.site_of(request.host.partition(":")[0]) or settings.sites[0]


def origin() -> str:
    """How the browser reached the service: `https://blog.example`."""
    # nginx says no scheme that would be believed; only development has no HTTPS.
    scheme = "http" if current_settings().insecure_cookies else "https"
    return f"{scheme}://{request.host}"
