"""How much of the C heap a block takes: glibc hands it out in chunks."""

from __future__ import annotations

from typing import Final

HEADER_BYTES: Final = 8
STEP_BYTES: Final = 16
SMALLEST_BYTES: Final = 32


def chunk_bytes(size_bytes: int) -> int:
    """What ``malloc`` of glibc takes for a block of this size."""
    return max(SMALLEST_BYTES, -(-(size_bytes + HEADER_BYTES) // STEP_BYTES) * STEP_BYTES)
