"""Page views from the web server's own log: live, so that a site needs no script, and backwards."""
