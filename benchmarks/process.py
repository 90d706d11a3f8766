"""What a process weighs, and what it has had of a processor."""

import os
from pathlib import Path


def proportional_memory(pid: int) -> float:
    """MB of a process: what several share counts for each in parts (PSS)."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1000


def processor_seconds(pid: int) -> float:
    """What a process has had of a processor, which a busy machine does not change."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
