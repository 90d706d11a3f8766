"""The host, a module a concern. Each reads as the list of what is true of the host afterwards."""
