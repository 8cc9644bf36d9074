"""One test is tidy, one leaves a connection open: `pytest examples/meters --memopt-report --memopt-json out.json`."""

import connections


def test_closes():
    connections.close(connections.connect("first"))
    assert connections.open_count() == 0


def test_forgets_to_close():
    assert connections.connect("second") == "second"
