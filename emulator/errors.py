"""The one exception that the emulator raises for what a user can mend."""


class EmulatorError(Exception):
    """What is wrong, and what to type, in words for a person."""
