"""Run me with ``pytest --memopt-leaks examples/leaks``: five tests pass, and each of them leaks."""

import shop


def test_order():
    assert shop.Order().lines


def test_price():
    assert shop.Price(3).in_currency("EUR") == "3 EUR"


def test_payment():
    assert not shop.pay(3)


def test_receipt():
    assert shop.print_receipt()


def test_scales():
    assert shop.weigh(2) == 2


def test_nothing_leaks_here():
    assert sorted([2, 1]) == [1, 2]
