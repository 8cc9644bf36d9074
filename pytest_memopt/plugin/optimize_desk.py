"""The process that prints, with regard to optimisation: it hands on what is known, gathers what came of it, and tells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final

import pytest

from ..optimize.memory_rise import peak_resident_bytes
from ..optimize.suite_effect import StrategyEffect, merged
from ..settings import Settings
from . import plain_imports

if TYPE_CHECKING:
    from ..optimize.experience import Experience
    from ..report.advice import Advice
    from .experience_history import HistoryMemory

NAME: Final = "memopt-optimize-desk"
OUTPUT: Final = "memopt_optimize"
LEARNED_FROM_S: Final = 5.0


class OptimizeDesk:
    """Registered in the process that talks to the user; alone it reads and writes the history."""

    def __init__(self, config: pytest.Config, settings: Settings, off_because: str = "") -> None:
        self._config = config
        self._settings = settings
        self._off_because = off_because
        self._effects: list[StrategyEffect] = []
        self._advice: list[Advice] = []
        self._memory: HistoryMemory | None = None
        self._known: Mapping[str, Experience] | None = None
        self._troubles: list[str] = []
        self._peaks_bytes: list[int] = []
        self._began_s = perf_counter()

    def take(self, effects: Sequence[StrategyEffect], advice: Sequence[Advice] = ()) -> None:
        """What came of it in one process."""
        self._effects += effects
        self._advice += advice

    def effects(self) -> tuple[StrategyEffect, ...]:
        """What came of it in all processes together."""
        return merged(self._effects)

    def advice(self) -> list[Advice]:
        """What the project could change itself, by all processes together."""
        if not self._advice:
            return []
        with plain_imports():
            from ..report.advice import together
        return together(self._advice)

    def known(self) -> Mapping[str, Experience]:
        """What helped before on this machine, in this project."""
        if self._known is None:
            self._known = self._recall()
        return self._known

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Tell a new xdist worker what helped before."""
        node.workerinput[OUTPUT] = {name: list(one) for name, one in self.known().items()}

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """A worker has ended: take what it found."""
        wire = getattr(node, "workeroutput", {}).get(OUTPUT)
        if wire is not None:
            effects = [StrategyEffect.from_wire(one) for one in wire["effects"]]
            self.take(effects, _read_advice(wire["advice"]))
            self._peaks_bytes += [wire["peak_rss_bytes"]] if wire["peak_rss_bytes"] is not None else []

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self) -> None:
        """Remember what helped; a run of a few seconds teaches nothing that would be worth the writing."""
        if perf_counter() - self._began_s < LEARNED_FROM_S and not self._settings.report:
            return
        tried = [effect for effect in self.effects() if effect.applied_count]
        if self._settings.history_path is not None and tried:
            with plain_imports():
                from ..errors import MemoptError
                from ..optimize.experience import learned
            try:
                known = self.known()
                if self._memory is not None:
                    self._memory.store(learned(known, tried))
            except MemoptError as error:
                self._troubles.append(str(error))

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Tell it in three lines at the most, unless the summary does."""
        writer = terminalreporter._tw  # noqa: SLF001 - the public methods know no stream
        for trouble in self._troubles:
            writer.line(f"memopt: {trouble}", yellow=True)
        if self._settings.report and self._config.get_verbosity() >= 0 and not self._off_because:
            return
        with plain_imports():
            from ..report.optimizations import brief

        encoding = getattr(writer._file, "encoding", None)  # noqa: SLF001
        peak_bytes = max(self._peaks_bytes, default=None) if self._peaks_bytes else peak_resident_bytes()
        for line in brief(self.effects(), peak_bytes, encoding, advice=self.advice(), off_because=self._off_because):
            writer.line(line)

    def _recall(self) -> Mapping[str, Experience]:
        if self._settings.history_path is None:
            return {}
        with plain_imports():
            from ..errors import MemoptError
            from .experience_history import HistoryMemory

        self._memory = HistoryMemory(self._settings.history_path)
        try:
            return self._memory.load()
        except MemoptError as error:
            self._troubles.append(str(error))
            self._memory = None
            return {}


def _read_advice(wires: Sequence[Mapping[str, Any]]) -> list[Advice]:
    if not wires:
        return []
    with plain_imports():
        from ..report.advice import Advice
    return [Advice.from_wire(wire) for wire in wires]


def desk_of(config: pytest.Config) -> OptimizeDesk | None:
    """The desk of this run; ``None`` where nothing is optimised."""
    desk = config.pluginmanager.get_plugin(NAME)
    return desk if isinstance(desk, OptimizeDesk) else None
