"""Strategies of hypothesis for values that several test modules need."""

from hypothesis import strategies as st

from pytest_memopt.leaks.finding import Culprit, LeakFinding, NoLine
from pytest_memopt.leaks.ruling import LeakKind

NUMBERS = st.floats(min_value=-1e12, max_value=1e12)
CULPRITS = st.builds(
    Culprit,
    type=st.text(),
    count_per_round=st.none() | NUMBERS,
    bytes_per_round=st.none() | NUMBERS,
    holder=st.text(),
    holder_type=st.none() | st.text(),
    path=st.none() | st.text(),
    site=st.none() | st.text(),
    example=st.none() | st.text(),
)
LEAK_FINDINGS = st.builds(
    LeakFinding,
    verdict=st.sampled_from(LeakKind),
    rounds=st.integers(0, 10_000),
    per_round=st.dictionaries(st.text(), NUMBERS, max_size=3),
    culprits=st.lists(CULPRITS, max_size=3).map(tuple),
    signature=st.none() | st.text(),
    why=st.none() | st.text(),
    series=st.dictionaries(st.text(), st.lists(st.integers(), max_size=3).map(tuple), max_size=3),
    duration_s=st.floats(0, 1e9),
    wanted_rounds=st.integers(1, 10_000),
    isolated=st.booleans(),
    no_line=st.none() | st.sampled_from(NoLine),
)
