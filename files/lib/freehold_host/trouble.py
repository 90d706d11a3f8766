"""What went wrong, for a person."""


class Trouble(Exception):  # noqa: N818  (what it says is for a person)
    """Something went wrong; the text is a sentence for the owner."""
