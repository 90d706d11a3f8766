"""What the programs on the host share: how they say and remember things."""
