"""What PostgreSQL takes of a text."""


def storable(text: str) -> bool:
    """Whether it can hold the text: no NUL, and no lone surrogate, which JSON allows."""
    try:
        return b"\0" not in text.encode("utf-8")
    except UnicodeEncodeError:
        return False


def literal(text: str) -> str:
    """The text as a pattern of LIKE that means nothing but it."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
