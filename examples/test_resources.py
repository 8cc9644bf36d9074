"""Files, threads and fixtures: what is shared is charged to the fixture, not to the test that happens to come first."""

import threading

import pytest


@pytest.fixture(scope="session")
def catalogue():
    return {number: f"article {number}" for number in range(20_000)}


@pytest.fixture
def orders(tmp_path):
    with (tmp_path / "orders.txt").open("w+") as file:
        yield file


def test_order_of_an_article(catalogue, orders):
    orders.write(catalogue[7])
    assert orders.tell() == len("article 7")


def test_two_at_a_time(catalogue):
    found = []
    threads = [threading.Thread(target=lambda number=number: found.append(catalogue[number])) for number in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == ["article 1", "article 2"]


@pytest.mark.bulky
def test_all_prices_at_once(catalogue):
    prices = bytearray(24 * 1024**2)
    assert len(prices) > len(catalogue)
