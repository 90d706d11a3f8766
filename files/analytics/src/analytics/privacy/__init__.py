"""What visitors are told: a page made of the running settings, and how to opt out."""
