"""Bursts against DetectLabels' quota, by a simulation of the definition."""

from __future__ import annotations

import itertools
import statistics

import pytest

from benchmarks.throttling import MOST_EXTRA, QUOTA, Simulation, burst, chosen, extra, missing, others
from imageproc.core.turns import MOST_TURNS, PATIENCE_MS, SHARE


@pytest.mark.parametrize("count", [100, 1_000, 10_000])
def test_bursts_end_with_every_photo_labelled_at_two_transitions_more_at_most(count: int) -> None:
    ran = burst(chosen(), count)
    assert missing(ran) == 0
    assert extra(ran) <= MOST_EXTRA
    longest = max((photo.ended or 0) - photo.came for photo in ran.photos)
    assert longest <= 1.05 * count / (SHARE * QUOTA) + 1, "no longer than the quota makes it"


def test_a_few_photos_wait_in_their_functions_at_no_extra_transition() -> None:
    assert extra(burst(chosen(), 20 + PATIENCE_MS * QUOTA // 1000)) == 0


def test_the_retries_of_the_other_steps_alone_would_lose_labels() -> None:
    retries = others()[0]
    assert missing(burst(retries, 1_000)) > 100
    assert extra(burst(retries, 1_000)) > MOST_EXTRA


@pytest.mark.parametrize("taken", [0.5, 1.0])
def test_photos_get_their_labels_while_somebody_else_takes_a_part_of_the_quota(taken: float) -> None:
    simulation = Simulation(chosen())
    simulation.add(1_000, 10)
    simulation.service.rate -= taken  # less than the parameter says
    ran = simulation.run()
    assert missing(ran) == 0
    assert statistics.mean(photo.transitions for photo in ran.photos) < 2 * MOST_TURNS


def test_photos_that_come_one_by_one_after_a_burst_are_served_in_their_order() -> None:
    simulation = Simulation(chosen())
    simulation.add(500, 10)
    simulation.add(100, 100, begin=10)
    ran = simulation.run()
    assert missing(ran) == 0
    ends = [photo.ended or 0 for photo in sorted(ran.photos, key=lambda photo: photo.came)]
    overtaken = sum(later < earlier for earlier, later in itertools.pairwise(ends))
    assert overtaken <= 0.05 * len(ends)
    assert extra(ran) <= MOST_EXTRA
