"""A leak: the test passes by what it asserts, and fails by what it keeps."""

import pytest
import sessions


@pytest.mark.memory_limit(growth="64 KiB")
def test_everyone_logs_out():
    for number in range(1000):
        session = sessions.log_in(f"user {number}")
        sessions.log_out(session)
    assert sessions.open_count() == 0
