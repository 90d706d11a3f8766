"""Replaces the services such that no request fails, and goes back to what was before."""
