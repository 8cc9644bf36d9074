"""Objects of the frames that are on the stack: made before a window, so that a test that looks at them finds them there.

From CPython 3.11 on a running function has an object for its frame only once somebody asks for it: ``inspect.stack``,
a warning with a ``stacklevel``, a traceback. It then lives until that function returns. Those of pytest's functions and
ours, which return long after the test, would be the test's growth: some 300 bytes each.
"""

from __future__ import annotations

from sys import _getframe  # a test may take it away, to play another interpreter


def make_frame_objects() -> None:
    """Have objects made for the frame of the caller, and of all that called it; 1-3 µs."""
    frame = _getframe(1)  # `inspect.stack` and all others come down to it
    while frame.f_back is not None:
        frame = frame.f_back
