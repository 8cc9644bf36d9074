"""Made-up profiles, whose figures a test changes as it needs."""

from pytest_memopt.bounded_series import Point
from pytest_memopt.meters.allocators import AllocatorUse
from pytest_memopt.meters.measurement import TypeUse
from pytest_memopt.optimize.growth import judge_growth
from pytest_memopt.optimize.profile import CollectorState, MemoryProfile

MB = 1_000_000
CALM = AllocatorUse(
    small_bytes=20 * MB, heap_bytes=30 * MB, arenas_count=24, arenas_bytes=24 * MB, heap_held_bytes=36 * MB
)
COLLECTOR = CollectorState(
    is_enabled=True,
    counts=(10, 2, 1),
    thresholds=(700, 10, 10),
    collections=(500, 40, 3),
    collected_count=7,
    uncollectable_count=0,
    frozen_count=0,
)
PROFILE = MemoryProfile(
    taken_s=100.0,
    taken_epoch_s=1_700_000_000.0,
    allocators=CALM,
    rss_bytes=70 * MB,
    uss_bytes=60 * MB,
    peak_rss_bytes=80 * MB,
    objects_count=50_000,
    types=(TypeUse("dict", 900, 90_000), TypeUse("app.Session", 400, 22_400)),
    collector=COLLECTOR,
    threads_count=1,
    fds_count=5,
    pools={},
)
UNREAD = AllocatorUse(None, None, None, None, None)


def course(*sizes_bytes, every_s=1.0):
    """The trend of these sizes, one each ``every_s`` seconds."""
    return judge_growth([Point(place * every_s, size) for place, size in enumerate(sizes_bytes)])
