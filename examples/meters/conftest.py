"""A meter of one's own: how many connections are open, read around every test."""

import connections

from pytest_memopt import MeterStatus, Unit


class OpenConnections:
    """Reads the number that the library keeps itself; allocates nothing that it keeps."""

    name = "connections"
    unit = Unit.COUNT

    def status(self):
        return MeterStatus(name=self.name, available=True, how="connections.open_count")

    def read(self):
        return connections.open_count()


def pytest_memopt_meters():
    return [OpenConnections()]
