"""Sites as numbers, by which all that is kept of them is found."""

from sqlalchemy import Connection, text

from analytics.sites import Site


def number_of(connection: Connection, site: Site) -> int:
    """The site's number; 0, which is no site's, before its first event."""
    found = connection.scalar(
        text("SELECT id FROM sites WHERE domain = :domain"), {"domain": site.domain}
    )
    return int(found or 0)
