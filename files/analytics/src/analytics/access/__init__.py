"""Who may look: signing in, sessions and tokens."""
