"""Limits: how they are written, which of them counts for a test, and what it means to exceed one."""
