"""What the system or an event loop keeps, whoever holds it: descriptors, threads, child processes, tasks, by name."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from typing import Any, Final, NamedTuple, TypeAlias

from ..meters.descriptors import describe_descriptors, open_numbers
from ..meters.naming import module_name, type_name
from ..meters.originals import gc, sys
from ..meters.processes import child_numbers, command_text, describe_child
from ..meters.rounds import AnySignal, LeakSignal
from ..meters.tasks import describe_task, pending_tasks
from ..meters.threads import describe_threads, thread_numbers
from .finding import Culprit
from .survivors import EXTRA_ROUNDS

_KINDS_MOST: Final = 2
_NOUNS: Final = {
    LeakSignal.FDS: "file descriptor",
    LeakSignal.THREADS: "thread",
    LeakSignal.PROCESSES: "process",
    LeakSignal.TASKS: "task",
}
# what differs from run to run, or from machine to machine; addresses of hosts stay
_CHANGING: Final = re.compile(r"(?P<host>\d+(?:\.\d+){3})|\btmp[a-z0-9_]{8}\b|\d+")

FindHolders: TypeAlias = "Callable[[Sequence[object], set[int]], list[tuple[str, str | None]]]"


class Outsider(NamedTuple):
    """One descriptor, thread, process or task that has come.

    Attributes:
        text: what it is, as in ``"sleep 60"``.
        note: what tells it from its like, as in ``"pid 4711"``.
        target: the Python object that stands for it, where there is one that may be held.
    """

    text: str
    note: str = ""
    target: object | None = None


class Outsiders:
    """What there is before a few rounds; what they add is what there is afterwards and wasn't before."""

    def __init__(self) -> None:
        self._fds = open_numbers()
        self._threads = thread_numbers()
        self._children = child_numbers()
        self._tasks = pending_tasks()  # kept alive: the address of one that ended may be that of a new one

    def added(self) -> dict[LeakSignal, list[Outsider]]:
        """What has come since, by what counts it."""
        old = set(map(id, self._tasks))
        return {
            LeakSignal.FDS: [Outsider(_after_number(text)) for text in describe_descriptors(self._fds)],
            LeakSignal.THREADS: [Outsider(text) for text in describe_threads(self._threads)],
            LeakSignal.PROCESSES: _processes(sorted(child_numbers() - self._children)),
            LeakSignal.TASKS: [_task(task) for task in pending_tasks() if id(task) not in old],
        }


def outside_culprits(
    before: Outsiders, signals: Collection[AnySignal], find_holders: FindHolders
) -> dict[LeakSignal, list[Culprit]]:
    """What the extra rounds have added, by what counts it and by what it is, without its numbers.

    Args:
        before: what there was before them.
        signals: those that were shown to grow: what they count is told also where it isn't added by every round.
        find_holders: gives name and path of what holds each of some objects, led through none of some identities.
    """
    culprits: dict[LeakSignal, list[Culprit]] = {}
    for signal, outsiders in before.added().items():
        least = 1 if signal in signals else EXTRA_ROUNDS
        own = {id(outsiders), *map(id, outsiders)}
        for kind, alike in _by_kind(outsiders, least)[:_KINDS_MOST]:
            culprit = _held(_culprit(_NOUNS[signal], kind, alike), alike, own, find_holders)
            culprits.setdefault(signal, []).append(culprit)
    return culprits


def _by_kind(outsiders: Sequence[Outsider], least: int) -> list[tuple[str, list[Outsider]]]:
    """Those that are alike but for their numbers, the most frequent kind first; then all others, as one kind without a name."""
    kinds: dict[str, list[Outsider]] = {}
    for one in outsiders:
        kinds.setdefault(_CHANGING.sub(_constant, one.text), []).append(one)
    ranked = sorted(kinds.items(), key=lambda pair: -len(pair[1]))
    named = [(kind, alike) for kind, alike in ranked if len(alike) >= EXTRA_ROUNDS]
    others = [one for kind, alike in ranked if len(alike) < EXTRA_ROUNDS for one in alike]
    if len(others) >= (EXTRA_ROUNDS if named else least):
        named.append(("", others))
    return named


def _constant(match: re.Match[str]) -> str:
    return match["host"] or ("tmp*" if match[0].startswith("tmp") else "*")


def _culprit(noun: str, kind: str, alike: Sequence[Outsider]) -> Culprit:
    shown = _shown(alike)
    name = f"{noun} ({kind})" if kind else noun
    example = f"{noun} ({', '.join(filter(None, (shown.text, shown.note)))})"
    return Culprit(name, len(alike) / EXTRA_ROUNDS, example=None if example == name else example)


def _held(culprit: Culprit, alike: Sequence[Outsider], own: set[int], find_holders: FindHolders) -> Culprit:
    """The culprit with who holds the one that is shown, where a Python object stands for it."""
    shown = _shown(alike)
    if shown.target is None:
        return culprit
    targets = [shown.target]
    holder, path = find_holders(targets, own | {id(alike), id(shown), id(targets)})[0]
    return culprit._replace(holder=holder, path=path)


def _shown(alike: Sequence[Outsider]) -> Outsider:
    """Neither the first, which may be a runner's, nor the last, which the next round might have replaced."""
    return alike[len(alike) // 2]


def _after_number(text: str) -> str:
    return text.partition(": ")[2] or text


def _processes(numbers: Sequence[int]) -> list[Outsider]:
    known = _python_processes() if numbers else {}
    return [_process(number, known.get(number)) for number in numbers]


def _process(number: int, known: Any) -> Outsider:
    text, runs = describe_child(number)
    command = _command_of(known)
    return Outsider(command or text, f"pid {number}{'' if runs else ', ended, never waited for'}", known)


def _command_of(known: Any) -> str | None:
    """What the object says of its process: the only one to know, when that has ended or runs a copy of this one."""
    own = vars(known) if known is not None else {}
    if isinstance(own.get("_name"), str):  # of multiprocessing, which forgets the target when it has started
        cls = type(known)
        is_plain = module_name(cls).startswith("multiprocessing.")
        return str(own["_name"]) if is_plain else f"{own['_name']}, runs {type_name(cls)}.run"
    words = own.get("args")
    if isinstance(words, (list, tuple)) and words:
        return command_text([str(word) for word in words])
    return words if isinstance(words, str) and words else None


def _python_processes() -> dict[int, object]:
    """The objects of ``subprocess`` and ``multiprocessing`` by the number of their process."""
    places = (("subprocess", "Popen"), ("multiprocessing.process", "BaseProcess"))
    kinds = tuple(getattr(sys.modules[module], name) for module, name in places if module in sys.modules)
    found: dict[int, object] = {}
    for one in gc.get_objects():
        if issubclass(type(one), kinds):
            number = vars(one).get("pid") or vars(vars(one).get("_popen") or _Nothing).get("pid")
            if isinstance(number, int):
                found[number] = one
    return found


class _Nothing:
    """Has no attributes of its own."""


def _task(task: Any) -> Outsider:
    return Outsider(describe_task(task), str(task.get_name()), task)
