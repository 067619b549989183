"""io.pairing: what has the same name belongs together, and what is left over is told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from graticule.core.errors import RequestError
from graticule.io import write
from graticule.io.pairing import pair_files, partners


def folder_of(root: Path, *names: str) -> Path:
    root.mkdir()
    for name in names:
        write(root / name, np.eye(3, dtype=np.uint8))
    return root


def test_names_are_the_same_but_for_the_ending_and_the_role(tmp_path: Path) -> None:
    images = folder_of(tmp_path / "images", "a.png", "b-1.tif", "only.npy")
    labels = folder_of(tmp_path / "labels", "b-1 Labels.npy", "a_mask.tif", "other.png")
    found = pair_files(images, labels)
    assert [(each.name, each.result.name, each.truth.name) for each in found.pairs] == [
        ("a", "a.png", "a_mask.tif"),
        ("b-1", "b-1.tif", "b-1 Labels.npy"),
    ]
    assert (found.without_truth, found.without_result) == (("only",), ("other",))
    assert partners(["a", "only"], labels) == {"a": labels / "a_mask.tif"}


@pytest.mark.parametrize("name", ["any.ome.zarr", "any.png"])
def test_two_images_belong_together_whatever_their_names(tmp_path: Path, name: str) -> None:
    folder = folder_of(tmp_path / "all", name, "truth.npy")
    found = pair_files(folder / name, folder / "truth.npy")
    assert [(each.result.name, each.truth.name) for each in found.pairs] == [(name, "truth.npy")]


def test_a_folder_of_one_image_is_paired_by_name(tmp_path: Path) -> None:
    one, other = folder_of(tmp_path / "one", "a.png"), folder_of(tmp_path / "other", "b.png")
    with pytest.raises(RequestError, match="no image has a label image of its name: a against b"):
        pair_files(one, other, words=("image", "label image"))


def test_two_files_of_one_image_are_refused(tmp_path: Path) -> None:
    images = folder_of(tmp_path / "images", "a.png")
    labels = folder_of(tmp_path / "labels", "a.png", "a_mask.png")
    for call in (lambda: pair_files(images, labels), lambda: partners(["a"], labels)):
        with pytest.raises(RequestError, match="a and a_mask are of the same image"):
            call()
