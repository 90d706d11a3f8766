"""Seeing what was counted: the numbers, the pages, and how they are written."""
