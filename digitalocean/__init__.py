"""What concerns Digital Ocean: so far, what a droplet is told when it is created."""
