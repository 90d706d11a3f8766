"""The owner's command line: `flask --app analytics …`, a module a noun."""
