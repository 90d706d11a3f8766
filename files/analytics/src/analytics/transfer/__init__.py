"""In and out: everything that a site has in one file, and what other programs have counted."""
