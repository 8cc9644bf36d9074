"""A login service as it might be written any day, with one bug: whoever logs out stays in the index by token."""

from itertools import count

_NUMBERS = count(1)
_BY_USER = {}
_BY_TOKEN = {}


class Session:
    """A user who is logged in."""

    def __init__(self, user):
        self.user = user
        self.token = f"{user}-{next(_NUMBERS)}"
        self.pages = []


def log_in(user):
    """Open a session for ``user``."""
    session = Session(user)
    _BY_USER[user] = session
    _BY_TOKEN[session.token] = session
    return session


def log_out(session):
    """Close the session; this is where ``_BY_TOKEN`` is forgotten."""
    del _BY_USER[session.user]


def open_count():
    """How many users are logged in."""
    return len(_BY_USER)
