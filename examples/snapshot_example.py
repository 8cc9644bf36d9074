"""Snapshots without pytest: what did this piece of code leave behind?

Run it with `python examples/snapshot_example.py`.
"""
# ruff: noqa: T201 - a script that talks to its reader

from pytest_memopt import take_snapshot


class Session:
    def __init__(self, user):
        self.user = user
        self.history = [f"{user} logged in"]


class Server:
    def __init__(self):
        self.open_sessions = []
        self.log = []

    def handle(self, user):
        session = Session(user)
        self.open_sessions.append(session)
        self.log.append(session.history)  # the leak: the history outlives its session

    def close_all(self):
        self.open_sessions.clear()


def main():
    server = Server()
    server.handle("ann")

    before = take_snapshot()
    for number in range(1000):
        server.handle(f"user {number}")
    busy = take_snapshot()
    server.close_all()
    after = take_snapshot()

    print("while busy:", (busy - before).new.where(type=Session))
    diff = after - before
    print("afterwards:", diff.new.where(type=Session))
    print("but       :", diff.new.where(type=list))
    print("gone      :", diff.dead.where(module=__name__))
    for change in diff.by_type()[:3]:
        print(f"  {change.count:+6} {change.type:20} {change.bytes:+8} B")


if __name__ == "__main__":
    main()
