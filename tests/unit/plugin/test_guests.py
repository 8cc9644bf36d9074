"""The hooks for items that we don't run ourselves."""

from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest

from pytest_memopt.plugin.guests import NAME, GuestHooks
from pytest_memopt.plugin.run import Purpose


@dataclass
class Manager:
    """Pytest's list of plugins."""

    plugins: dict[str, object] = field(default_factory=dict)

    def has_plugin(self, name):
        return name in self.plugins

    def register(self, plugin, name):
        assert name not in self.plugins
        self.plugins[name] = plugin


@dataclass
class Log:
    """Recorder and examiner at once: notes what it is told."""

    is_foreign: bool = False
    told: list[tuple[object, ...]] = field(default_factory=list)

    def wanted(self, item):
        return SimpleNamespace(plan=f"plan of {item}")

    def __getattr__(self, name):
        return lambda *arguments: self.told.append((name, *arguments))


@pytest.fixture
def log():
    """What the hooks told the recorder and the examiner."""
    return Log()


@pytest.fixture
def hooks(log):
    """The hooks of a session."""
    return GuestHooks(Manager(), log, log)


def go_through(hook, log, *, raised=None):
    """Run a wrapping hook around something that is noted, and may raise; what it returns."""
    next(hook)
    log.told.append(("inner",))
    try:
        if raised is None:
            hook.send("result")
        else:
            hook.throw(raised)
    except StopIteration as stop:
        return stop.value
    raise AssertionError("a wrapper yields once")


def test_guests_are_welcomed_once(log):
    """The hooks are registered when the first guest comes, and not again for those who follow."""
    manager = Manager()
    hooks = GuestHooks(manager, log, log)
    assert manager.plugins == {}
    hooks.be_there()
    hooks.be_there()
    assert manager.plugins == {NAME: hooks}


@pytest.mark.parametrize("is_foreign", [False, True])
def test_reports_are_marked_and_followed(hooks, log, is_foreign):
    """An exempt test's report is marked as such; the reports on a foreign item are followed too."""
    log.is_foreign = is_foreign
    call = SimpleNamespace(when="call")
    assert go_through(hooks.pytest_runtest_makereport("item", call), log) == "result"
    followed = [("note_report", "call", call, "result")] if is_foreign else []
    assert log.told == [("inner",), ("mark_exempt", "item", "result"), *followed]


def phase_hook(hooks, when):
    """The wrapper of one phase."""
    hook = getattr(hooks, f"pytest_runtest_{when}")
    return hook("item") if when == "setup" else hook()


@pytest.mark.parametrize("when", ["setup", "call", "teardown"])
def test_phases_of_other_items_are_passed_by(hooks, log, when):
    """Items that we run ourselves, and exempt ones, are none of these hooks' business."""
    assert go_through(phase_hook(hooks, when), log) == "result"
    assert log.told == [("inner",)]


@pytest.mark.parametrize("raised", [None, ZeroDivisionError(), pytest.skip.Exception("no"), KeyboardInterrupt()])
@pytest.mark.parametrize("when", ["setup", "call", "teardown"])
def test_phases_of_foreign_items_are_charged(hooks, log, when, raised):
    """A phase that another plugin runs begins before everything in it and ends after, however it ends."""
    log.is_foreign = True
    hook = phase_hook(hooks, when)
    if raised is None:
        assert go_through(hook, log) == "result"
    else:
        with pytest.raises(type(raised)) as caught:
            go_through(hook, log, raised=raised)
        assert caught.value is raised
    opened = [("begin", "item", "plan of item", Purpose.FOREIGN)] if when == "setup" else []
    assert log.told == [*opened, ("begin_phase", when), ("inner",), ("end_phase", when)]
