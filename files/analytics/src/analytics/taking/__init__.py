"""Taking events: from a request to the spool, and what is left out on the way."""
