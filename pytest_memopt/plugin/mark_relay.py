"""On an xdist controller that was asked for nothing: it wakes the plugin when a worker found limits on the tests."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, cast

import pytest

from .activation import activation_of

if TYPE_CHECKING:
    from .controller import Controller


class MarkRelay:
    """Only the workers of xdist collect, so their controller hears of limits by marks with the first test that has one."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._run_name = os.urandom(6).hex()
        self._nodes: list[Any] = []
        self._is_awake = False

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Tell a new xdist worker the name of the run, under which it keeps its journal."""
        node.workerinput["memopt_run"] = self._run_name

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodeready(self, node: Any) -> None:
        """Remember the worker for later."""
        if not self._is_awake:
            self._nodes.append(node)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Wake the controller with the first report that brings something along."""
        if not self._is_awake and hasattr(report, "memopt"):
            self._wake().pytest_runtest_logreport(report)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: object) -> None:
        """Wake the controller when a worker died, which may have been measuring."""
        if not self._is_awake and error:
            self._wake().pytest_testnodedown(node, error)

    def _wake(self) -> Controller:
        self._is_awake = True
        activation = activation_of(self._config)
        activation.has_marks = True
        activation.activate(self._run_name)
        controller = cast("Controller", self._config.pluginmanager.get_plugin("memopt-controller"))
        for node in self._nodes:
            controller.pytest_testnodeready(node)
        return controller
