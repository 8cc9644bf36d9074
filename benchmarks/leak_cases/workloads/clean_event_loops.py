"""An event loop for each call, with tasks that are cancelled."""

import asyncio


async def wait_for_ever() -> None:
    """Hold a buffer until cancelled."""
    buffer = bytearray(1500)
    await asyncio.Event().wait()
    buffer.clear()


async def run() -> None:
    """Start some tasks and cancel them."""
    tasks = [asyncio.ensure_future(wait_for_ever()) for _ in range(3)]
    await asyncio.sleep(0)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def workload() -> None:
    """A whole life of a loop."""
    asyncio.run(run())
