"""Embeddings in two dimensions: like ones near each other, the same ones the same, and few of them, too."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from imageproc.catalog import projection
from imageproc.catalog.projection import FOLDER, project
from imageproc.errors import Cancelled, ResourcesMissingError

GROUPS, EACH = 6, 25
Embeddings = NDArray[np.uint8]


@pytest.fixture(scope="module")
def grouped() -> Embeddings:
    """Embeddings of photos of six things, group by group; most numbers are small, as those of a model are."""
    chance = np.random.default_rng(7)
    things = chance.gamma(0.3, 30, (GROUPS, 1280)).repeat(EACH, axis=0)
    seen = things * chance.uniform(0.5, 1.5, things.shape) + chance.gamma(0.3, 10, things.shape)
    return seen.clip(0, 255).astype(np.uint8)


def test_photos_of_like_things_are_near_each_other_and_lie_there_again(
    grouped: Embeddings, tmp_path: Path
) -> None:
    from sklearn.manifold import trustworthiness  # here: it takes as long as all other tests' imports

    shares: list[float] = []
    made = project(grouped, tmp_path / "a", shares.append)
    assert trustworthiness(grouped, made) > 0.9
    group = np.arange(len(grouped)) // EACH
    distances = np.linalg.norm(made[:, None] - made[None], axis=2)
    np.fill_diagonal(distances, np.inf)
    nearest = distances.argsort(axis=1)[:, :5]
    assert (group[nearest] == group[:, None]).mean() > 0.98
    assert np.abs(made).max() == pytest.approx(1)
    assert shares == sorted(shares)
    assert (len(shares) > 20, shares[-1]) == (True, 1)
    assert (project(grouped, tmp_path / "b") == made).all(), "the same, made anew"


def test_a_layout_is_kept_until_it_is_of_no_use(
    grouped: Embeddings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[int] = []

    def counted(rows: Embeddings, _: object) -> Embeddings:
        made.append(len(rows))
        return rows[:, :2]

    monkeypatch.setattr(projection, "_layout", counted)
    monkeypatch.setattr(projection, "_KEPT", 2)
    tmp_path.chmod(0o700)
    first = project(grouped[:50], tmp_path)
    assert (project(grouped[:50], tmp_path) == first).all()
    assert made == [50]
    (file,) = (tmp_path / FOLDER).iterdir()
    file.write_bytes(file.read_bytes()[:-9])
    assert (project(grouped[:50], tmp_path) == first).all(), "a broken file is no obstacle"
    for rows in (51, 52):
        project(grouped[:rows], tmp_path)
    assert made == [50, 50, 51, 52]
    assert len(list((tmp_path / FOLDER).iterdir())) == 2


@pytest.mark.parametrize("count", [0, 1, 2, 3, 11])
def test_few_photos_have_their_places_too(grouped: Embeddings, tmp_path: Path, count: int) -> None:
    made = project(grouped[:: EACH // 2][:count], tmp_path)
    assert made.shape == (count, 2)
    assert np.isfinite(made).all()
    assert len({tuple(one) for one in made.tolist()}) == count


def test_photos_that_are_all_the_same_lie_in_the_middle(grouped: Embeddings, tmp_path: Path) -> None:
    assert (project(grouped[:1].repeat(40, axis=0), tmp_path) == 0).all()


def test_it_can_be_stopped_and_keeps_nothing_then(grouped: Embeddings, tmp_path: Path) -> None:
    def stop(_: float) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        project(grouped, tmp_path, stop)
    assert not (tmp_path / FOLDER).exists()


def test_what_is_missing_is_named(
    grouped: Embeddings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "openTSNE", None)
    with pytest.raises(ResourcesMissingError, match=r"openTSNE.*pip install opentsne"):
        project(grouped, tmp_path)
