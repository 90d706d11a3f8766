"""The host's backups: makes them by restic, proves that they restore, and restores them."""
