"""A database that is built once, and rolled back after every test."""

import pytest


@pytest.mark.parametrize("number", range(100))
def test_every_test_finds_all_articles(pooled_resource, number):
    """What a test inserts is gone when the next one comes."""
    database = pooled_resource("database")
    assert database.execute("select count(*) from articles").fetchone() == (15_000,)
    database.execute("insert into articles values (?, 'new', 0)", (100_000 + number,))


def test_two_at_once(pooled_resource):
    """Who borrows twice has two."""
    one, other = pooled_resource("database"), pooled_resource("database")
    one.execute("delete from articles")
    assert other.execute("select count(*) from articles").fetchone() == (15_000,)


@pytest.mark.parametrize("pooled_resource", ["database"], indirect=True)
def test_the_fixture_is_the_resource(pooled_resource):
    """With an indirect parameter there is nothing to call."""
    assert pooled_resource.execute("select price from articles where number = 250").fetchone() == (2.5,)
