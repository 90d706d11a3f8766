"""The tracker: a script that the owner's pages load, and that sends their events.

`script.js` is its readable source. What is served is made of it by minified.py. A reader
is left alone whose browser holds "true" under `analytics_ignore` (or Plausible's
`plausible_ignore`) in the page's localStorage: a page that lets people opt out sets that.
"""

import gzip
import hashlib
from dataclasses import dataclass
from functools import cache

from flask import Blueprint, Response, request

from analytics.taking.tracker import minified

# A page that was open during an update has the new tracker within this time. Longer would keep
# a mistake alive, and shorter would have readers ask at every visit.
_CACHE_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class _Variant:
    """The script as one group of browsers gets it."""

    body: bytes
    etag: str
    encoding: str | None = None


def blueprint(path: str) -> Blueprint:
    """Serves the tracker at `path`, which begins with a slash.

    nginx says in `Cross-Origin-Resource-Policy` that other sites may load it, because it says so
    for every answer.
    """
    tracker = Blueprint("tracker", __name__)
    plain, packed = _variants()

    @tracker.get(path)
    def show() -> Response:
        variant = packed if request.accept_encodings.quality("gzip") > 0 else plain
        response = Response(variant.body, mimetype="text/javascript")
        if variant.encoding:
            response.content_encoding = variant.encoding
        response.set_etag(variant.etag)
        response.vary.add("Accept-Encoding")
        response.cache_control.public = True
        response.cache_control.max_age = _CACHE_SECONDS
        response.make_conditional(request)
        return response

    return tracker


@cache
def _variants() -> tuple[_Variant, _Variant]:
    """The script plain and gzipped. Each has an ETag of its own, as their bytes differ."""
    script = minified.script().encode()
    digest = hashlib.sha256(script).hexdigest()[:16]
    # No time of day in it: the same release gives the same bytes.
    packed = gzip.compress(script, compresslevel=9, mtime=0)
    return _Variant(script, digest), _Variant(packed, f"{digest}-gzip", "gzip")
