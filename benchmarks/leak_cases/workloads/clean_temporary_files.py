"""A folder with a file, made and removed."""

import tempfile
from pathlib import Path


def workload() -> None:
    """Write a file and read it again."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "notes.txt"
        path.write_text("x" * 3000, "utf-8")
        path.read_text("utf-8")
