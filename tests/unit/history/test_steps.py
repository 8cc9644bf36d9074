"""Steps are found where a level changed, and nowhere in noise."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_memopt.history.steps import Step, find_steps, last_step


def test_a_constant_series_that_changes_is_a_step_at_once():
    """One point off an exact plateau of three or more is a step."""
    assert find_steps([0, 0, 0, 0, 5000]) == (Step(4, 0, 5000),)
    assert find_steps([7, 7, 7, 3]) == (Step(3, 7, 3),)


def test_two_fresh_points_need_not_be_equal():
    """The second point after a change may differ a little from the first."""
    assert find_steps([0, 0, 0, 0, 5000, 5010]) == (Step(4, 0, 5005),)


@pytest.mark.parametrize(
    "values",
    [
        [],
        [3],
        [0, 5000],
        [1, 1, 1, 1],
        [5000, 0, 0, 0, 0],
        [0, 0, 0, 0, 5000, 0],
        [0, 0, 0, 0, 9, 0, 0, 0],
        [0, 0, 1, 9],
    ],
)
def test_what_is_no_step(values):
    """Too few points, a first run that differs, and a spike that went back are no steps."""
    assert find_steps(values) == ()
    assert last_step(values) is None


def test_each_level_of_an_exact_series_counts():
    """Plateaus in a row are steps in a row, and the last of them is the last step."""
    values = [0] * 5 + [9] * 4 + [2, 2]
    assert find_steps(values) == (Step(5, 0, 9), Step(9, 9, 2))
    assert last_step(values) == Step(9, 9, 2)
    assert last_step(values).change == -7


def test_small_changes_are_below_the_floor():
    """A change up to the floor is no step, one above it is."""
    assert find_steps([0] * 5 + [64], floor=64) == ()
    assert find_steps([0] * 5 + [65], floor=64) == (Step(5, 0, 65),)


def test_only_the_newest_sixty_points_count_and_keep_their_places():
    """Old steps are forgotten; indices are those of the whole series."""
    assert find_steps([9] * 40 + [0] * 60) == ()
    assert find_steps([9] * 100 + [0] * 10) == (Step(100, 9, 0),)


@given(
    st.lists(st.floats(-1, 1), min_size=5, max_size=20),
    st.lists(st.floats(-1, 1), min_size=5, max_size=20),
    st.sampled_from([-1, 1]),
)
def test_a_large_step_is_found_in_noise(before, after, direction):
    """A step of fifty times the noise's bound is found at its place, with at least five points on each side."""
    steps = find_steps([*before, *(direction * 50 + value for value in after)])
    assert [step.index for step in steps if abs(step.change) > 40] == [len(before)]


@pytest.mark.parametrize("direction", [-1, 1])
@pytest.mark.parametrize("fresh", [3, 6])
def test_a_step_of_five_deviations_is_found(direction, fresh):
    """Nineteen of twenty steps of five deviations after 20 points of Gaussian noise are found within one place."""
    noise = random.Random(20)
    found = 0
    for _ in range(100):
        values = [noise.gauss(0, 1) + (5 * direction if place >= 20 else 0) for place in range(20 + fresh)]
        step = last_step(values)
        found += step is not None and abs(step.index - 20) <= 1
    assert found >= 90


SHAPES = {
    "gaussian": lambda noise: noise.gauss(0, 1),
    "laplace": lambda noise: noise.choice((-1, 1)) * noise.expovariate(1),
    "uniform": lambda noise: noise.random(),
    "exponential": lambda noise: noise.expovariate(1),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_flat_noise_has_no_steps(shape):
    """Of 300 flat noisy series of 6 to 30 points at most nine have a step (the long-run share is below 1 %)."""
    noise = random.Random(shape)
    series = [[SHAPES[shape](noise) for _ in range(noise.randint(6, 30))] for _ in range(300)]
    assert sum(bool(find_steps(values)) for values in series) <= 9


def test_a_cluster_of_spikes_is_no_step():
    """Spikes that also occur before are no level of their own, though three of the last four are high."""
    values = [1, 2, 90, 0, 1, 92, 2, 1, 0, 91, 2, 0, 1, 89, 1, 2, 90, 91, 1, 92]
    assert find_steps(values) == ()


def test_one_stray_point_does_not_hide_a_step():
    """A long step is seen in spite of a spike on its lower side."""
    values = [1, 0, 2, 1, 95, 0, 1, 2, 1, 0, 90, 91, 89, 90, 92, 90, 91, 90]
    assert [step.index for step in find_steps(values)] == [10]
