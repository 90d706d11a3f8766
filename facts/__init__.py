"""What pyinfra's own facts don't tell of a host, each read by a single command."""
