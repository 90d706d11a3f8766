"""What each part of the description has in common: what differs from it, and mending that."""

from typing import Protocol


class Concern(Protocol):
    """A part of the description, beside what there is."""

    def pending(self) -> list[str]:
        """What would be done, a sentence each; empty when it is as described.

        Only reads. Raises CloudError when it is no case for a machine to decide.
        """
        ...

    def mend(self) -> None:
        """Do it, and wait until it is done. May be cut off anywhere: the next one goes on."""
        ...
