"""A change that breaks no limit, and shows only beside earlier runs: one day each thumbnail is kept four times over."""

import os

RUN = int(os.environ.get("MEMOPT_DEMO_RUN", "1"))
THUMBNAILS = {}


def make_thumbnails(picture):
    sizes = (64,) if RUN < 6 else (64, 96, 128, 192)
    return [bytes(size * size) for size in sizes]


def test_thumbnails_are_kept():
    for picture in range(10):
        THUMBNAILS[picture] = make_thumbnails(picture)
    assert len(THUMBNAILS) == 10
