"""What is wanted of one window."""

import pytest

from pytest_memopt.meters.plan import Detail, Plan


def test_details_are_in_order():
    """A closer look is more: a plan says the least that it wants."""
    assert Detail.FULL < Detail.EXACT


def test_a_plan_asks_for_nothing_special():
    """By itself a plan wants no tracer, no count by type, and the collector's help; and it can't be changed."""
    plan = Plan()
    assert (plan.detail, plan.traced, plan.types, plan.gc_off, plan.trim) == (Detail.FULL, False, (), False, False)
    with pytest.raises(AttributeError):
        plan.traced = True
