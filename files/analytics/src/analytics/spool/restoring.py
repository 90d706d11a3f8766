"""While a backup is restored, the database and the spool do not fit together yet."""

from pathlib import Path

# Made and removed by who restores. A worker that was at work is ended by them; this keeps one from
# being started meanwhile, by a deploy or by a boot.
MARK = "restoring"


def is_under_way(folder: Path) -> bool:
    """Whether positions in the database must not be compared with the segments in the folder."""
    return (folder / MARK).exists()
