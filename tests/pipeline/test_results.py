"""Results of a study on the disk: all of them, in order, as they were, and nothing kept."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import pytest

from graticule.core.errors import StoreError
from graticule.pipeline import Pipeline
from graticule.pipeline.result import ImageResult
from graticule.pipeline.results import Results


def result(number: int) -> ImageResult:
    made = ImageResult(f"image-{number}", f"{number}.tif", f"image-{number}")
    made.row = {"area": number * 0.1, "name": "a\udcff"}
    made.steps = {"smooth": {"seconds": float("nan") if number == 3 else 0.5, "tiles": 1}}
    made.tile = {"y": 64} if number % 2 else None
    return made


def test_results_come_back_in_order_and_as_often_as_asked(tmp_path: Path) -> None:
    given = [result(number) for number in range(50)]
    results = Results(tmp_path)
    for each in given:
        results.append(each)
    for _ in range(2):
        assert [str(asdict(each)) for each in results] == [str(asdict(each)) for each in given]
    results.append(result(50))
    assert len(results) == 51
    assert results[-1].image == results[50].image == "image-50"
    assert [each.image for each in results[:2]] == ["image-0", "image-1"]
    with pytest.raises(IndexError):
        results[51]
    assert list(tmp_path.iterdir()) == []


def test_a_result_that_is_replaced_keeps_its_place(tmp_path: Path) -> None:
    results = Results(tmp_path)
    for number in range(3):
        results.append(result(number))
    for each in results:  # also while they are gone through
        if each.image == "image-1":
            each.fail("StoreError", "gone")
            results.replace(1, each)
    assert [each.status for each in results] == ["done", "failed", "done"]


def test_results_that_are_more_than_memory_should_hold_go_to_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("graticule.pipeline.results._IN_MEMORY", 1000)
    results = Results(tmp_path)
    for number in range(200):
        results.append(result(number))
    assert [each.image for each in results] == [f"image-{number}" for number in range(200)]
    assert list(tmp_path.iterdir()) == []


def test_names_that_are_equal_are_one_object(tmp_path: Path) -> None:
    results = Results(tmp_path)
    results.append(result(1))
    results.append(result(2))
    names = [next(iter(each.steps["smooth"])) for each in results]
    assert names[0] is names[1]


def test_a_disk_that_is_full_ends_the_run_with_an_error_of_ours(
    objects: Pipeline, study_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(Results, "append", full)
        with pytest.raises(StoreError, match="No space left"):
            objects.run(study_folder, tmp_path / "out")
    assert not objects.run(study_folder, tmp_path / "out").failed
