"""A program that grows, for `memopt analyze`, `stats` and `optimize`: a shop's price service without pytest.

It has three faults. It reads many documents and keeps a few between many that go, so that its heap is full of holes. And each
answer stays in a cache that nobody bounds, so that it grows for as long as it runs. The third costs little: it imports what most runs don't use.

Run it with `memopt analyze examples/growing_program.py`, or `memopt optimize examples/growing_program.py`.
"""
# ruff: noqa: T201 - a script that talks to its reader

import random
import sys
import time
import xmlrpc.client

BATCHES = 40
DOCUMENTS = 30_000
CATALOGUE = {f"article {number}": number % 100 for number in range(1000)}


class Quote:
    def __init__(self, article, customer):
        self.article = article
        self.customer = customer
        self.lines = [f"{article} for {customer}", CATALOGUE[article] * 1.19]


class PriceService:
    def __init__(self):
        self.quotes = {}
        self.archive = []

    def read_documents(self):
        chance = random.Random(1)
        documents = [bytes(chance.randrange(1, 4000)) for _ in range(DOCUMENTS)]
        self.archive = documents[::17]  # the first fault: what stays lies between what goes

    def quote(self, article, customer):
        key = article, customer
        if key not in self.quotes:  # the second: each customer asks once, and the answer stays
            self.quotes[key] = Quote(article, customer)
        return self.quotes[key]


def serve(batches=BATCHES):
    service = PriceService()
    service.read_documents()
    for batch in range(batches):
        for number in range(800):
            service.quote(f"article {number % len(CATALOGUE)}", f"customer {batch}-{number}")
        time.sleep(0.03)  # what a service waits for
    return service


def exchange_rates(address):
    return xmlrpc.client.ServerProxy(address).rates()  # the third: few runs ask for it, each one imports it


def price_list():
    """Work that can be done again and again: `memopt optimize examples/growing_program.py:price_list`."""
    return [{"article": article, "price": price * 1.19} for _ in range(20) for article, price in CATALOGUE.items()]


def main():
    service = serve(int(sys.argv[1]) if len(sys.argv) > 1 else BATCHES)
    print(f"{len(service.quotes)} quotes and {len(service.archive)} documents are kept")
    return service


if __name__ == "__main__":
    SERVICE = main()  # alive until the end, as in a service that runs on
