"""What visitors wrote, shown as it is: none of it can hide, reverse or break what is around it."""


def printable(text: str) -> str:
    r"""The text with control, format and bidirectional characters written out: `\x1b`, `\u202e`.

    They have no width of their own. One of them could make `/evil` look like another page, or
    turn around the number beside it. https://www.unicode.org/reports/tr36/#Bidirectional_Text_Spoofing
    """
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
    )
