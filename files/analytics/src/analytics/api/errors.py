"""What a program asked for and can't have: one sentence, as Plausible's API says it."""


class QueryError(Exception):
    """A query that makes no sense, or asks for what is not kept here. Answered with 400."""
