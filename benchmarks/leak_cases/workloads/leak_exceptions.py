"""The last errors, kept with their tracebacks, and so with the locals of all frames."""

FAILURES: list[BaseException] = []


def parse(text: str) -> int:
    """A number, or an error whose frame holds a buffer."""
    buffer = bytearray(1000)
    return int(text) + len(buffer)


def workload() -> None:
    """Fail once, and keep the failure."""
    try:
        parse("not a number")
    except ValueError as error:
        FAILURES.append(error)
