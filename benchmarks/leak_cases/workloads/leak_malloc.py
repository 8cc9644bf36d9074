"""Memory of the C library that nobody gives back."""

import ctypes

LIBC = ctypes.CDLL(None)
LIBC.malloc.restype = ctypes.c_void_p
LIBC.malloc.argtypes = [ctypes.c_size_t]


def workload() -> None:
    """Take a few hundred bytes, and lose their address."""
    ctypes.memset(LIBC.malloc(300), 0, 300)
