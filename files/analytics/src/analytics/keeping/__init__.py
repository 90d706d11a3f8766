"""Keeping events: visits, events and daily sums in PostgreSQL."""
