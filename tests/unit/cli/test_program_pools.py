"""The pools of a program, in words."""

from pytest_memopt.cli.programs.pools import pool_texts


def test_pools_are_told_with_what_is_lent_still():
    """A line for each pool; nothing of members that came back."""
    quiet = {"built": 1, "borrowed": 4, "hit_ratio": 0.75, "in_use": 0}
    busy = {"built": 1, "borrowed": 2, "hit_ratio": 0.5, "in_use": 1}
    assert list(pool_texts({"db": quiet, "list": busy})) == [
        "db: 1 built for 4 leases (75.0% hits)",
        "list: 1 built for 2 leases (50.0% hits), 1 lent still",
    ]
