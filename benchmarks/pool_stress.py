"""Many threads on one small pool whose resources fail at random: nothing may be lost, lent twice or closed twice.

``python -m benchmarks.pool_stress`` lets 64 threads borrow 10 000 times each in every setting, and ends with 1 when something
was wrong. The test suite does the same with fewer borrows.
"""

from __future__ import annotations

import argparse
import faulthandler
import random
import sys
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from pytest_memopt.errors import PoolTimeout, ReturnError
from pytest_memopt.pool.arguments import Arguments, arguments_of
from pytest_memopt.pool.hooks import PoolHooks
from pytest_memopt.pool.lease import Lease
from pytest_memopt.pool.pool import MemoryPool
from pytest_memopt.pool.recipe import make_type
from pytest_memopt.pool.stats import Eviction, PoolStats
from pytest_memopt.pool.trouble import Trouble

MAX_SIZE: Final = 8
THREADS: Final = 64
FAILURE_RATIO: Final = 0.01
RARE_RATIO: Final = 0.002
SOILED_RATIO: Final = 0.2
HELD_RATIO: Final = 0.2
SWITCH_S: Final = 0.0001
"""The interpreter goes from thread to thread more often than usual, so that more is caught in the middle."""
PATIENCE_S: Final = 120.0
PATIENCE_PER_BORROW_S: Final = 0.001


class Thing:
    """A resource that knows who has it, and how often it was closed."""

    def __init__(self) -> None:
        self.owner: int | None = None
        self.closings = 0
        self.is_soiled = False


class Setting(NamedTuple):
    """What kind of pool is put under stress.

    Attributes:
        name: of the setting.
        options: of the pool's type; ``"fails"`` in place of a callable stands for one that fails at random.
        keys: what borrowers ask for, by turns; an empty text stands for no arguments.
        pools: ``False`` for a pool that is switched off.
    """

    name: str
    options: Mapping[str, Any] = {}
    keys: tuple[str, ...] = ("",)
    pools: bool = True


SETTINGS: Final = (
    Setting("plain"),
    Setting("first in, first out, short lives", {"order": "fifo", "idle_ttl": 0.001, "max_lifetime": 0.02}),
    Setting("all callables fail", dict.fromkeys(("validate", "reset", "close"), "fails")),
    Setting("followed, with fingerprints", {"leak_threshold": 1000, "fingerprint": "fails", "reset": "fails"}),
    Setting("arguments", {"reset": "fails"}, keys=("", "a", "b", "c")),
    Setting("switched off", {"close": "fails"}, pools=False),
)


class Stress:
    """One pool under stress, and the count of what happened to it."""

    def __init__(self, setting: Setting, borrows: int, threads: int = THREADS) -> None:
        self._borrows = borrows
        self._threads = threads
        self.things: list[Thing] = []
        self.troubles: list[Trouble] = []
        self.wrong: list[str] = []
        self._holders: dict[int, Lease[Thing]] = {}
        self._revoked: dict[Lease[Thing], bool] = {}
        self._failed: list[str] = []
        self._tallies: list[dict[str, int]] = []
        self._dice = random.Random(0)
        self._arguments: list[Arguments | None] = [
            arguments_of("thing", (key,), {}) if key else None for key in setting.keys
        ]
        fails: dict[str, Callable[[Thing], object]] = {
            "validate": self._validate,
            "reset": self._reset,
            "fingerprint": lambda thing: thing.is_soiled,
            "close": self._close,
        }
        options: dict[str, Any] = {
            name: fails[name] if value == "fails" else value for name, value in setting.options.items()
        }
        options = {"max_size": MAX_SIZE, "close": self._note_closing, **options}
        kind = make_type("thing", self._build, **options)
        self.pool: MemoryPool[Thing] = MemoryPool.of(kind, PoolHooks(tell=self.troubles.append, pools=setting.pools))

    def run(self) -> PoolStats:
        """Let all threads borrow, then close the pool; what it counted before.

        Raises:
            RuntimeError: when a thread is stuck; the stacks of all were printed.
        """
        threads = [threading.Thread(target=self._work, args=(seed,), daemon=True) for seed in range(self._threads)]
        patience_s = PATIENCE_S + self._borrows * self._threads * PATIENCE_PER_BORROW_S
        switch_s = sys.getswitchinterval()
        sys.setswitchinterval(SWITCH_S)
        faulthandler.dump_traceback_later(patience_s, file=sys.__stderr__ or sys.stderr)
        deadline_s = time.monotonic() + patience_s
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(max(deadline_s - time.monotonic(), 0))
        faulthandler.cancel_dump_traceback_later()
        sys.setswitchinterval(switch_s)
        if any(thread.is_alive() for thread in threads):
            raise RuntimeError(f"threads are stuck after {patience_s:g} s: {self.pool!r}, {self.pool.get_stats()}")
        self.pool.maintain()
        stats, failed_count = self.pool.get_stats(), len(self._failed)
        self.pool.close()
        self._judge(stats, failed_count)
        return stats

    def count(self, what: str) -> int:
        """How often something happened, as the threads counted it."""
        return sum(tally.get(what, 0) for tally in self._tallies)

    def _work(self, seed: int) -> None:
        dice, tally = random.Random(seed), dict.fromkeys(("borrowed", "timeouts", "failed builds", "taken back"), 0)
        self._tallies.append(tally)
        for _ in range(self._borrows):
            try:
                lease = self.pool.borrow(dice.choice(self._arguments), timeout_s=dice.choice((0, 0.001, None, None)))
            except PoolTimeout:
                tally["timeouts"] += 1
                continue
            except OSError:
                tally["failed builds"] += 1
                continue
            tally["borrowed"] += 1
            self._hold(lease, dice)
            if dice.random() < RARE_RATIO:
                self._disturb(dice)
            if dice.random() < RARE_RATIO:
                del lease  # dropped without being given back: found when somebody needs it
                continue
            try:
                lease.give_back()
            except ReturnError:
                tally["taken back"] += 1

    def _hold(self, lease: Lease[Thing], dice: random.Random) -> None:
        me, thing = threading.get_ident(), lease.resource
        if thing.owner is not None or thing.closings:
            self.wrong.append(f"lent to {me} while {thing.owner} has it, closed {thing.closings} times")
        thing.owner = me
        self._holders[me] = lease
        if len(self._holders) > MAX_SIZE:
            held = [other for other in list(self._holders.values()) if other not in self._revoked]
            if len(held) > MAX_SIZE:
                self.wrong.append(f"{len(held)} are lent at the same time")
        if dice.random() < HELD_RATIO:
            time.sleep(dice.choice((0, 0, 0, 0.0001)))
        thing.is_soiled = dice.random() < SOILED_RATIO
        if thing.owner != me:
            self.wrong.append(f"lent to {thing.owner} while {me} has it")
        thing.owner = None
        del self._holders[me]

    def _disturb(self, dice: random.Random) -> None:
        """What happens to a pool from outside, now and then."""
        does = dice.choice((self.pool.maintain, self.pool.drain, self.pool.get_stats, None))
        if does is not None:
            does()
        elif leases := self.pool.leases():
            lease = dice.choice(leases)
            self._revoked[lease] = True
            self.pool.revoke(lease, "was taken back")

    def _fails(self) -> bool:
        return self._dice.random() < FAILURE_RATIO

    def _build(self, key: str = "") -> Thing:  # noqa: ARG002 - as borrowers ask for it
        if self._fails():
            self._failed.append("factory")
            raise OSError("factory")
        thing = Thing()
        self.things.append(thing)
        return thing

    def _validate(self, thing: Thing) -> bool:  # noqa: ARG002 - as the pool calls it
        if self._fails():
            raise OSError("validate")
        return not self._fails()

    def _reset(self, thing: Thing) -> None:
        if self._fails():
            raise OSError("reset")
        thing.is_soiled = thing.is_soiled and self._fails()

    def _note_closing(self, thing: Thing) -> None:
        thing.closings += 1

    def _close(self, thing: Thing) -> None:
        thing.closings += 1
        if self._fails():
            self._failed.append("close")
            raise OSError("close")

    def _judge(self, stats: PoolStats, failed_count: int) -> None:
        """What doesn't add up."""
        gone = sum(stats.evicted.values())
        lost = stats.evicted.get(Eviction.LOST, 0)
        closings = [thing.closings for thing in self.things]
        sums = {
            "in use at the end": (stats.in_use, 0),
            "borrowed": (stats.borrowed, self.count("borrowed")),
            "hits and misses": (stats.hits + stats.misses, stats.borrowed),
            "time-outs": (stats.timeouts, self.count("timeouts")),
            "errors": (stats.errors, failed_count),
            "built": (stats.built, len(self.things)),
            "gone and idle": (gone + stats.idle, stats.built),
            "closed, all but those lost": (sum(closings), stats.built - lost),
            "closed twice": (sum(count > 1 for count in closings), 0),
            "members of the closed pool": (self.pool.size, 0),
        }
        self.wrong += [f"{name}: {seen}, not {right}" for name, (seen, right) in sums.items() if seen != right]
        if stats.peak_in_use > MAX_SIZE or stats.peak_size > MAX_SIZE:
            self.wrong.append(f"peaks of {stats.peak_in_use} lent and {stats.peak_size} members")


def main() -> int:
    """Every setting in turn, with what it counted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--borrows", type=int, default=10_000, help="of each thread (10 000)")
    options = parser.parse_args()
    wrong_count = 0
    for setting in SETTINGS:
        stress, began_s = Stress(setting, options.borrows), time.monotonic()
        stats = stress.run()
        evicted = ", ".join(f"{reason.value} {count}" for reason, count in stats.evicted.items())
        print(
            f"{setting.name}: {THREADS} threads, {options.borrows} each, in {time.monotonic() - began_s:.1f} s: {stats.borrowed} lent, "
            f"{stats.built} built, {stats.waits} waits, {stats.timeouts} time-outs, {stats.errors} errors; left: {evicted}; "
            f"{'wrong: ' + '; '.join(stress.wrong[:5]) if stress.wrong else 'nothing wrong'}",
            flush=True,
        )
        wrong_count += len(stress.wrong)
    return int(wrong_count > 0)


if __name__ == "__main__":
    sys.exit(main())
