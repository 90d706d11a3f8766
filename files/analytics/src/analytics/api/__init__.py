"""The Stats API: the numbers for programs, in the shape of Plausible's."""
