"""How the whole host is: one list of rows, for the owner's command, a login, and notify_url."""
