"""Links that are switched by one rename, so that there is no moment without one."""

from pathlib import Path


def lead(link: Path, target: str) -> None:
    """From now on `link` leads to `target`, which stands beside it unless it says where."""
    new = link.with_name(f".{link.name}.new")
    new.unlink(missing_ok=True)
    new.symlink_to(target)
    new.replace(link)


def target_of(link: Path) -> str:
    """The name of what it leads to; nothing when there is no such link."""
    return link.readlink().name if link.is_symlink() else ""
