"""How long a command took, by the clock and by the processor, and what pairs of such times say."""

from __future__ import annotations

import os
import random
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

RESAMPLES: Final = 2000


@dataclass(frozen=True, slots=True)
class Timing:
    """One run of a command.

    Attributes:
        wall_s: seconds by the clock.
        cpu_s: processor seconds of the process and of the children it waited for; little moved by a busy machine.
        exit_code: negative for a signal.
    """

    wall_s: float
    cpu_s: float
    exit_code: int


def time_command(command: Sequence[str], *, cwd: Path, env: Mapping[str, str], log: Path) -> Timing:
    """Run ``command`` to its end with its output in ``log``; POSIX only, as the processor time comes from ``wait4``."""
    with log.open("wb") as out:
        start = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall_s = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    return Timing(wall_s, usage.ru_utime + usage.ru_stime, process.returncode)


@dataclass(frozen=True, slots=True)
class Spread:
    """The middle and the ends of some figures."""

    middle: float
    low: float
    high: float

    @classmethod
    def of(cls, figures: Sequence[float]) -> Spread:
        """Median, least and greatest of ``figures``, of which there is at least one."""
        return cls(median(figures), min(figures), max(figures))

    def __str__(self) -> str:
        return f"{self.middle:.2f} ({self.low:.2f} to {self.high:.2f})"


def confidence(figures: Sequence[float], statistic: Callable[[Sequence[float]], float] = median) -> tuple[float, float]:
    """The 95 % bootstrap interval of ``statistic``, the same for the same figures."""
    draw = random.Random(0)
    drawn = sorted(statistic(draw.choices(figures, k=len(figures))) for _ in range(RESAMPLES))
    return drawn[int(0.025 * RESAMPLES)], drawn[int(0.975 * RESAMPLES)]
