"""Clean but noisy: threads, processes, sockets, signals and event loops."""
# ruff: noqa: SIM117 - nested blocks read in the order of the calls

from __future__ import annotations

import asyncio
import contextvars
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

pytestmark = pytest.mark.memory_limit(growth="1 KB", objects=0)

SETTING = contextvars.ContextVar("SETTING", default=0)


def test_thread():
    """A thread that allocates and ends."""
    results = []
    thread = threading.Thread(target=lambda: results.append(len(bytes(1_000_000))))
    thread.start()
    thread.join()
    assert results == [1_000_000]


def test_many_threads():
    """Twenty threads at once."""
    barrier = threading.Barrier(20)
    threads = [threading.Thread(target=barrier.wait) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_thread_allocates_small():
    """A thread that makes and drops many small objects."""
    thread = threading.Thread(target=lambda: [[number] for number in range(50_000)])
    thread.start()
    thread.join()


def test_thread_local():
    """Values of threads that have ended."""
    local = threading.local()

    def work():
        local.value = list(range(1000))

    threads = [threading.Thread(target=work) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not hasattr(local, "value")


def test_thread_pool():
    """A pool of threads, shut down."""
    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(lambda number: number * 2, range(100))) == 9900


def test_thread_pool_error():
    """A future that holds an exception."""
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(int, "x")
        with pytest.raises(ValueError, match="invalid"):
            future.result()


def test_thread_dies(recwarn):
    """An exception in a thread, seen by its hook."""
    seen = []
    hook, threading.excepthook = threading.excepthook, lambda args: seen.append(args.exc_type)
    try:
        thread = threading.Thread(target=int, args=("x",))
        thread.start()
        thread.join()
    finally:
        threading.excepthook = hook
    assert seen == [ValueError]


def test_timer():
    """A timer that is cancelled."""
    timer = threading.Timer(60, print)
    timer.start()
    timer.cancel()
    timer.join()


def test_locks():
    """Locks, conditions, events and semaphores."""
    condition = threading.Condition()
    with condition:
        condition.notify_all()
    lock = threading.RLock()
    with lock:
        assert not threading.Event().is_set()
    gate = threading.Semaphore(2)
    gate.acquire()
    gate.release()


def test_queues():
    """Queues that are filled and emptied."""
    work = queue.PriorityQueue()
    for number in range(1000):
        work.put((number % 10, number))
    while not work.empty():
        work.get()


def test_producer_and_consumer():
    """Two threads and a queue."""
    work, total = queue.Queue(maxsize=10), []

    def consume():
        while (item := work.get()) is not None:
            total.append(item)

    thread = threading.Thread(target=consume)
    thread.start()
    for number in range(500):
        work.put(number)
    work.put(None)
    thread.join()
    assert len(total) == 500


def test_subprocess():
    """A child process with output."""
    done = subprocess.run(
        [sys.executable, "-S", "-c", "print('x' * 10000)"], capture_output=True, text=True, check=True
    )
    assert len(done.stdout) == 10_001


def test_subprocess_pipe():
    """A child process with a pipe to it."""
    with subprocess.Popen(
        [sys.executable, "-S", "-c", "print(input())"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        out, _ = child.communicate("typed\n")
    assert out == "typed\n"


def test_subprocess_fails():
    """A child process that fails."""
    with pytest.raises(subprocess.CalledProcessError):
        subprocess.run([sys.executable, "-S", "-c", "raise SystemExit(3)"], check=True)


def test_subprocess_missing():
    """A program that isn't there."""
    with pytest.raises(FileNotFoundError):
        subprocess.run(["clean-no-such-program"], check=False)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_fork():
    """A child by fork."""
    child = os.fork()
    if child == 0:
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0


def test_pipe():
    """A pipe of the kernel."""
    reading, writing = os.pipe()
    os.write(writing, b"x" * 1000)
    assert len(os.read(reading, 2000)) == 1000
    os.close(reading)
    os.close(writing)


def test_socket_pair():
    """Two sockets that talk."""
    left, right = socket.socketpair()
    with left, right:
        left.sendall(b"x" * 10_000)
        assert right.recv(20_000)


def test_socket_server():
    """A server on the loopback, with a client."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        with socket.create_connection(server.getsockname()) as client:
            peer, _ = server.accept()
            with peer:
                client.sendall(b"ping")
                assert peer.recv(10) == b"ping"


def test_http_server():
    """A web server in a thread, asked once."""
    from http.client import HTTPConnection
    from http.server import BaseHTTPRequestHandler, HTTPServer

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"body" * 100)

        def log_message(self, *args):
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        connection = HTTPConnection(*server.server_address)
        connection.request("GET", "/")
        assert len(connection.getresponse().read()) == 400
        connection.close()
        thread.join()


def test_selectors():
    """A selector over a pair of sockets."""
    import selectors

    left, right = socket.socketpair()
    with left, right, selectors.DefaultSelector() as selector:
        selector.register(right, selectors.EVENT_READ)
        left.sendall(b"x")
        assert selector.select(timeout=5)


def test_signal_handler():
    """A handler set, called and restored."""
    seen = []
    before = signal.signal(signal.SIGUSR1, lambda number, frame: seen.append(number))
    try:
        signal.raise_signal(signal.SIGUSR1)
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert seen == [signal.SIGUSR1]


def test_alarm():
    """A timer of the kernel, switched off."""
    before = signal.signal(signal.SIGALRM, signal.SIG_IGN)
    try:
        signal.setitimer(signal.ITIMER_REAL, 60)
        signal.setitimer(signal.ITIMER_REAL, 0)
    finally:
        signal.signal(signal.SIGALRM, before)


def test_asyncio_run():
    """An event loop from start to end."""

    async def main():
        await asyncio.sleep(0)
        return 1

    assert asyncio.run(main()) == 1


def test_asyncio_tasks():
    """A hundred tasks."""

    async def work(number):
        await asyncio.sleep(0)
        return number

    async def main():
        return await asyncio.gather(*(work(number) for number in range(100)))

    assert sum(asyncio.run(main())) == 4950


def test_asyncio_cancelled():
    """A task that is cancelled."""

    async def main():
        task = asyncio.create_task(asyncio.sleep(60))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())


def test_asyncio_error():
    """A task that fails."""

    async def fail():
        raise ValueError("in task")

    with pytest.raises(ValueError, match="in task"):
        asyncio.run(fail())


def test_asyncio_to_thread():
    """Work in a thread of the loop."""

    async def main():
        return await asyncio.to_thread(sum, range(1000))

    assert asyncio.run(main()) == 499_500


def test_asyncio_subprocess():
    """A child process of the loop."""

    async def main():
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-S", "-c", "print(1)", stdout=asyncio.subprocess.PIPE
        )
        out, _ = await child.communicate()
        return out

    assert asyncio.run(main()) == b"1\n"


def test_asyncio_streams():
    """A server and a client in one loop."""

    async def main():
        async def echo(reader, writer):
            writer.write(await reader.read(100))
            writer.close()
            await writer.wait_closed()

        server = await asyncio.start_server(echo, "127.0.0.1", 0)
        async with server:
            reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
            writer.write(b"ping")
            answer = await reader.read(100)
            writer.close()
            await writer.wait_closed()
        return answer

    assert asyncio.run(main()) == b"ping"


def test_async_generator():
    """An asynchronous generator, left in the middle."""

    async def numbers():
        for number in range(10):
            yield number

    async def main():
        async for number in numbers():
            return number
        return None

    assert asyncio.run(main()) == 0


def test_context_variables():
    """A variable set and reset, and a context of one's own."""
    token = SETTING.set(1)
    SETTING.reset(token)
    context = contextvars.copy_context()
    context.run(SETTING.set, 5)
    assert SETTING.get() == 0


def test_context_variable_in_thread():
    """A thread has a context of its own."""
    thread = threading.Thread(target=SETTING.set, args=([1] * 1000,))
    thread.start()
    thread.join()
    assert SETTING.get() == 0


def test_file_descriptors(tmp_path):
    """Fifty files open at once, all closed."""
    handles = [(tmp_path / str(number)).open("w") for number in range(50)]
    for handle in handles:
        handle.close()


def test_scheduler():
    """Events of a scheduler with a false clock."""
    import sched

    now = [0.0]
    scheduler = sched.scheduler(lambda: now[0], lambda delay: now.__setitem__(0, now[0] + delay))
    log = []
    for number in range(100):
        scheduler.enter(number, 1, log.append, (number,))
    scheduler.run()
    assert len(log) == 100
