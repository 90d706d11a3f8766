"""What can go wrong with Digital Ocean, each as a sentence for the owner and what to do."""

from settings.errors import SettingsError


class CloudError(SettingsError):
    """The cloud is not as described, and why; nobody has to read a traceback for it."""


class UnreachableError(CloudError):
    """There was no answer, and nothing was done."""


class UnsureError(CloudError):
    """A request that makes something was sent, and whether it did is not known."""


class RefusedError(CloudError):
    """The API said no. `status` is HTTP's, `id` and `words` are its own."""

    def __init__(self, message: str, *, status: int, id: str, words: str) -> None:  # noqa: A002 - the API's name for it
        super().__init__(message)
        self.status = status
        self.id = id
        self.words = words
