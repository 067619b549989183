"""Results of a study on the disk: all of them, in order, as they were, and nothing kept."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import pytest

from graticule.core.errors import StoreError
from graticule.pipeline import Pipeline
from graticule.pipeline.result import ImageResult
from graticule.pipeline.spool import Spool


def result(number: int) -> ImageResult:
    made = ImageResult(f"image-{number}", f"{number}.tif", f"image-{number}")
    made.row = {"area": number * 0.1, "name": "a\udcff"}
    made.steps = {"smooth": {"seconds": float("nan") if number == 3 else 0.5, "tiles": 1}}
    made.tile = {"y": 64} if number % 2 else None
    return made


def test_results_come_back_in_order_and_as_often_as_asked(tmp_path: Path) -> None:
    given = [result(number) for number in range(50)]
    with Spool(tmp_path) as spool:
        for each in given:
            spool.append(each)
        for _ in range(2):
            assert [str(asdict(each)) for each in spool] == [str(asdict(each)) for each in given]
        spool.append(result(50))
        assert [each.image for each in spool][-1] == "image-50"
    assert list(tmp_path.iterdir()) == []


def test_names_that_are_equal_are_one_object(tmp_path: Path) -> None:
    with Spool(tmp_path) as spool:
        spool.append(result(1))
        spool.append(result(2))
        one, other = spool
    names = [next(iter(each.steps["smooth"])) for each in (one, other)]
    assert names[0] is names[1]


def test_a_disk_that_is_full_ends_the_run_with_an_error_of_ours(
    objects: Pipeline, study_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(Spool, "append", full)
        with pytest.raises(StoreError, match="No space left"):
            objects.run(study_folder, tmp_path / "out")
    assert not objects.run(study_folder, tmp_path / "out").failed
