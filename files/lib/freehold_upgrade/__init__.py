"""Moves the database to a newer major version of PostgreSQL: into a volume of its own."""
