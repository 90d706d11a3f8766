"""What development needs besides; it is not in the production image."""
