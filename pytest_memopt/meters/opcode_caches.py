"""Caches of opcodes: CPython 3.10 gives one to each function that is called often. They are made in time, so that no round pays.

With its 1 024th call a function that reads globals or attributes gets two blocks for good (``_PyCode_InitOpcache`` in
CPython's ``Objects/codeobject.c``). From 3.11 on there is no such thing, and this isn't imported.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from inspect import CO_VARARGS, CO_VARKEYWORDS
from opcode import opmap
from types import CodeType, FrameType
from typing import Any, Final

from .originals import sys
from .spare_frames import frame_maker

_CALLS: Final = 1024  # OPCACHE_MIN_RUNS
_AT_ONCE: Final = 64
_CACHED: Final = (opmap["LOAD_GLOBAL"], opmap["LOAD_ATTR"])
_CELL_BYTES: Final = ctypes.sizeof(ctypes.c_ssize_t)


class OpcodeCaches:
    """Makes the caches of codes, which don't run; 1-2 ms each, nothing where there is one already."""

    def __init__(
        self,
        begin: Callable[[CodeType], Callable[[], object]] | None = None,
        size_of: Callable[[CodeType], int] = sys.getsizeof,
    ) -> None:
        """Bind the interpreter's functions once, unless ``begin`` is to do the work: it returns what counts as a call.

        Args:
            begin: prepares calls of a code.
            size_of: bytes of a code, with those of its cache.
        """
        self._begin = _calls_of() if begin is None else begin
        self._size_of = size_of

    def make(self, code: CodeType) -> None:
        """Make the cache of ``code``, if it gets one; nothing while a debugger or coverage would see it as calls."""
        if sys.gettrace() is not None or sys.getprofile() is not None:
            return
        bare_bytes = _bare_bytes(code)
        if not _is_cached(code) or self._size_of(code) > bare_bytes:
            return
        call = self._begin(code)
        for _ in range(_CALLS // _AT_ONCE):
            for _ in range(_AT_ONCE):
                call()
            if self._size_of(code) > bare_bytes:
                return

    def make_for(self, run: Callable[[], object]) -> None:
        """Run it once, and make the caches of all that it called in this thread; what it raises comes through."""
        if sys.gettrace() is not None:
            run()
            return
        called: dict[int, CodeType] = {}

        def note(frame: FrameType, _event: str, _arg: Any) -> None:
            called[id(frame.f_code)] = frame.f_code

        sys.settrace(note)
        try:
            run()
        finally:
            sys.settrace(None)
        for code in called.values():
            self.make(code)


def _is_cached(code: CodeType) -> bool:
    """Whether there is something in it for which a cache is made."""
    opcodes = code.co_code[::2]
    return any(opcode in opcodes for opcode in _CACHED)


def _bare_bytes(code: CodeType) -> int:
    """The size of a code without a cache."""
    arguments_count = (
        code.co_argcount
        + code.co_kwonlyargcount
        + bool(code.co_flags & CO_VARARGS)
        + bool(code.co_flags & CO_VARKEYWORDS)
    )
    has_shared = not set(code.co_cellvars).isdisjoint(code.co_varnames[:arguments_count])
    return CodeType.__basicsize__ + (_CELL_BYTES * len(code.co_cellvars) if has_shared else 0)


def _calls_of() -> Callable[[CodeType], Callable[[], object]]:
    """What begins a frame of a code and ends it before its first step, which the interpreter counts as a call; by the C API."""
    make_frame = frame_maker()
    # a prototype of our own: what ``ctypes.pythonapi`` hands out is shared with all of the program
    evaluate = ctypes.PYFUNCTYPE(ctypes.py_object, ctypes.py_object, ctypes.c_int)(
        ("PyEval_EvalFrameEx", ctypes.pythonapi)
    )

    def begin(code: CodeType) -> Callable[[], object]:
        frame = make_frame(code)

        def call() -> None:
            try:
                evaluate(frame, 1)  # as if something had been thrown into it
            except SystemError:  # there was nothing to be thrown
                return

        return call

    return begin
