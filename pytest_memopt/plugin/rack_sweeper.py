"""The controller of xdist clears up behind workers that were killed while they held something that processes share."""

from __future__ import annotations

from pathlib import Path

import pytest


class RackSweeper:
    """Registered in every controller; loads and does nothing unless a worker died."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._has_lost = False

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, error: object) -> None:
        """A worker ended, in order or not."""
        self._has_lost |= error is not None

    def pytest_unconfigure(self) -> None:
        """All workers have ended: nobody holds what a dead one has left."""
        if not self._has_lost:
            return
        from ..pool.rack_sweep import sweep_racks

        if (folder := rack_folder(self._config)) is not None:
            sweep_racks(folder)


def rack_folder(config: pytest.Config) -> Path | None:
    """Where all runs of this project on the machine meet, xdist's workers among them; it stays, and is empty then.

    ``None`` where it can't be made, which is told when somebody asks for a shared resource.
    """
    from ..errors import PoolError
    from ..pool.rack_folder import file_name, user_folder

    try:
        folder = user_folder() / file_name(str(config.rootpath))
        folder.mkdir(exist_ok=True)
    except (PoolError, OSError):
        return None
    return folder
