"""Clients that stay connected from test to test, and from task to task."""

import asyncio

import pytest

from pytest_memopt import get_pooled_resource, with_pooled_resource


@pytest.mark.parametrize("number", range(5))
def test_a_connection_is_used_again(pooled_resource, http_port, number):
    """The factory's arguments tell resources apart: one pool for each port."""
    connection = pooled_resource("http", http_port)
    connection.request("GET", f"/{number}")
    assert connection.getresponse().read() == b"hello"


def test_ten_tasks_share_three_clients(resource_manager):
    """A decorated coroutine function borrows for each call, and waits its turn without blocking the others."""

    async def echo(reader, writer):
        while line := await reader.readline():
            writer.write(line)
        writer.close()

    async def main():
        server = await asyncio.start_server(echo, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]

        @with_pooled_resource("echo", "client", port)
        async def ask(number):
            return await get_pooled_resource("echo").ask(f"task {number}")

        async with server:
            answers = await asyncio.gather(*(ask(number) for number in range(10)))
            await resource_manager.async_pool("echo").drain()  # what is idle belongs to this loop, which ends here
        return answers

    assert asyncio.run(main()) == [f"task {number}" for number in range(10)]
