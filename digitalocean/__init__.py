"""What concerns Digital Ocean: the droplet, its firewall, its address and its names."""
