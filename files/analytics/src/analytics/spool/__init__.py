"""The spool: events on the disk, between the one who takes them and the one who keeps them."""
