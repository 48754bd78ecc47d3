"""CPU time, which says more than the clock on a machine that does other things too, and peak memory."""

from __future__ import annotations

import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any


def of(work: Callable[[], Any], times: int = 1) -> float:
    """Return the CPU seconds that this process needs for one piece of work, done so many times."""
    began = time.process_time()
    for _ in range(times):
        work()
    return (time.process_time() - began) / times


def of_command(*command: str, env: Mapping[str, str] | None = None) -> float:
    """Return the CPU seconds of a program, its start included. Raises CalledProcessError if it fails."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=env)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def peak_megabytes() -> float:
    """Return the most memory, in MB of 1,000,000 bytes, that this process has held so far."""
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:  # macOS, which counts bytes
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024 / 1e6


def peak_of(statements: str) -> float:
    """Return the same of a new interpreter that runs these statements."""
    script = f"{statements}\nfrom benchmarks import cpu\nprint(cpu.peak_megabytes())"
    return float(subprocess.check_output([sys.executable, "-c", script]))


def installed(program: str) -> bool:
    """Whether a peer is there. If it is not, say that it is left out."""
    there = shutil.which(program) is not None
    if not there:
        print(f"{program} is not installed: left out (`make peers`)")
    return there
