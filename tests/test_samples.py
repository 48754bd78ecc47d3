"""The sample photos of the demo and of the notebook on curating, which may lie in one stack."""

from __future__ import annotations

from pathlib import Path

from imageproc import samples


def test_each_sample_is_found_by_its_name_beside_all_others(tmp_path: Path) -> None:
    demo = [path.name for path in samples.write_samples(tmp_path)]
    curated = [path.name for path in samples.photos_to_curate()]
    names = [*demo, *curated]
    assert [name for name in names if sum(one.endswith(name) for one in names) != 1] == []
    assert sorted(curated) == sorted(image.file for image in samples.truth_of_samples().images)
