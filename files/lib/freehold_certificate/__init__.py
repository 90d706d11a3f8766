"""The host's certificate: gets it, puts it in force, and says how it is. Python's own library only."""
