import gc
from collections.abc import Iterator

import pytest


@pytest.fixture
def frozen() -> Iterator[None]:
    """The collector as the plugin leaves it before a test: all that is alive is frozen."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()
