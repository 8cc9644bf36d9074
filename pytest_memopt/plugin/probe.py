"""The object behind the ``memopt`` fixture."""

from __future__ import annotations


class MemoryProbe:
    """Measures or limits a part of a test."""
