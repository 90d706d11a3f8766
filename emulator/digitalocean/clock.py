"""Times as the API writes them."""

from datetime import UTC, datetime


def written(seconds: float) -> str:
    """ISO 8601 in UTC, without fractions."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
