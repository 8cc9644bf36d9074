"""A thread for each call that waits for an end that never comes."""

import threading

END = threading.Event()


def workload() -> None:
    """Start a thread and forget it."""
    threading.Thread(target=END.wait, daemon=True).start()
