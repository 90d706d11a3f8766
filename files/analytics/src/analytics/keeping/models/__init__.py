"""The data that is kept, as classes. What is not a column here is kept nowhere."""

from analytics.keeping.models.base import Base
from analytics.keeping.models.filtered import FilteredSums
from analytics.keeping.models.owner import AnnotationRow, LoginLink, SessionRow, TokenRow
from analytics.keeping.models.sums import Daily, Drop, Import, ImportedDaily, Monthly, StaleDay
from analytics.keeping.models.visits import (
    Arrival,
    Client,
    Event,
    Position,
    SiteRow,
    TextRow,
    Visit,
)

__all__ = [
    "AnnotationRow",
    "Arrival",
    "Base",
    "Client",
    "Daily",
    "Drop",
    "Event",
    "FilteredSums",
    "Import",
    "ImportedDaily",
    "LoginLink",
    "Monthly",
    "Position",
    "SessionRow",
    "SiteRow",
    "StaleDay",
    "TextRow",
    "TokenRow",
    "Visit",
]
