"""A run says what a person would ask: each planted fault is named, and nothing where none is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import imageio.v3
import numpy as np
import pytest
import tifffile
from scipy import ndimage

from graticule.cli import main
from graticule.core.typing import Array
from graticule.pipeline import Pipeline
from graticule.report.doubts import Doubt, doubts_in, sentence

BLOBS = """
graticule: 1
name: blobs
steps:
  bright: {op: threshold.otsu}
  labels: {op: segment.label}
  objects: {op: measure.regions}
outputs: [objects]
"""
STUDY = 20


def blobs(rng: np.random.Generator, count: int, *, radius: float = 4, ground: float = 100) -> Array:
    """Return an image of bright discs on a grid of places, with noise."""
    places = rng.permutation(36)[:count]
    image = np.zeros((96, 96))
    image[8 + 16 * (places // 6), 8 + 16 * (places % 6)] = 1
    near = ndimage.distance_transform_edt(image == 0) <= radius
    return np.clip(ground + 80 * near + rng.normal(0, 3, image.shape), 0, 65535)


def study(folder: Path, seed: int = 0, change: Callable[[Array], Array] | None = None) -> Path:
    """Write a study in which one image, b07, is changed."""
    rng = np.random.default_rng(seed)
    folder.mkdir()
    for number in range(STUDY):
        image = blobs(rng, int(np.clip(rng.poisson(20), 8, 36)))
        if change is not None and number == 7:
            image = change(image)
        tifffile.imwrite(folder / f"b{number:02d}.tif", image.astype(np.uint16))
    return folder


def doubts(images: Path, out: Path, pipeline: str = BLOBS) -> list[Doubt]:
    Pipeline.loads(pipeline).run(images, out=out, cache=False)
    return doubts_in(out)


def _few(_: Array) -> Array:
    return blobs(np.random.default_rng(1), 2)


def _many(image: Array) -> Array:
    speckled = np.random.default_rng(1).random(image.shape) < 0.03
    return np.asarray(np.where(speckled, 260.0, image))


def _large(_: Array) -> Array:
    return blobs(np.random.default_rng(1), 20, radius=7)


def _saturated(image: Array) -> Array:
    return np.minimum(image, 170)


def _other_size(image: Array) -> Array:
    return image[:64]


def _bright(image: Array) -> Array:
    return image + 1000


def _dim(image: Array) -> Array:
    return 100 + (image - 100) / 8


def _defocused(image: Array) -> Array:
    return np.asarray(ndimage.gaussian_filter(image, 2.5))


def _hot(image: Array) -> Array:
    image = image.copy()
    image[3, 3] = 60000
    return image


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_few, "far fewer objects"),
        (_many, "far more objects"),
        (_large, "far larger objects"),
        (_saturated, "saturated"),
        (_other_size, "another size"),
        (_bright, "far brighter"),
        (_dim, "far less contrast"),
        (_defocused, "far smoother"),
        (_hot, "the threshold bright takes next to nothing"),
    ],
)
def test_a_planted_fault_is_named_with_its_image_and_no_other(
    tmp_path: Path, change: Callable[[Array], Array], words: str
) -> None:
    found = doubts(study(tmp_path / "study", change=change), tmp_path / "out")
    told = [doubt for doubt in found if words in doubt.what]
    assert len(told) == 1, found
    assert [name for name, _ in told[0].images] == ["b07"]
    assert {name for doubt in found for name, _ in doubt.images} == {"b07"}


def test_of_studies_without_a_fault_nothing_is_said(tmp_path: Path) -> None:
    alarms = [
        doubt
        for seed in range(5)
        for doubt in doubts(study(tmp_path / f"study{seed}", seed), tmp_path / f"out{seed}")
    ]
    assert alarms == []


def test_of_few_images_none_is_compared_with_the_others(tmp_path: Path) -> None:
    images = study(tmp_path / "study", change=_few)
    for number in range(9, STUDY):
        (images / f"b{number:02d}.tif").unlink()
    for number in range(3):
        (images / f"b{number:02d}.tif").unlink()
    assert doubts(images, tmp_path / "out") == []


def test_a_stack_that_nobody_named_is_a_guess_unless_its_axes_are_given(tmp_path: Path) -> None:
    stack = np.stack([blobs(np.random.default_rng(n), 12) for n in range(6)]).astype(np.uint16)
    tifffile.imwrite(tmp_path / "stack.tif", stack, metadata=None, photometric="minisblack")
    told = doubts(tmp_path / "stack.tif", tmp_path / "out")
    assert ["taken as z" in doubt.what for doubt in told] == [True]
    named = """
graticule: 1
inputs: {image: {dims: [t, y, x]}}
steps: {bright: {op: threshold.otsu}}
outputs: [bright]
"""
    assert doubts(tmp_path / "stack.tif", tmp_path / "named", named) == []


def test_the_edge_of_a_histogram_is_told_and_stars_on_dark_sky_are_not(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    sky = rng.normal(1000, 5, (128, 128))
    stars = sky.copy()
    stars[rng.integers(0, 128, 40), rng.integers(0, 128, 40)] = rng.uniform(2000, 60000, 40)
    np.save(tmp_path / "sky.npy", np.linspace(0, 1, 128 * 128).reshape(128, 128))
    np.save(tmp_path / "stars.npy", stars)
    fixed = "{graticule: 1, steps: {cut: {op: threshold.fixed, value: VALUE}}, outputs: [cut]}"
    edge = doubts(tmp_path / "sky.npy", tmp_path / "a", fixed.replace("VALUE", "0.995"))
    assert ["at the edge of the histogram" in doubt.what for doubt in edge] == [True]
    assert doubts(tmp_path / "stars.npy", tmp_path / "b", fixed.replace("VALUE", "1030")) == []
    middle = doubts(tmp_path / "sky.npy", tmp_path / "c", fixed.replace("VALUE", "0.5"))
    assert middle == []


def test_counts_and_names_are_not_saturated(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    cut = "{graticule: 1, steps: {cut: {op: filters.gaussian}}, outputs: [cut]}"
    for name, image in (
        ("photons", rng.poisson(3, (128, 128))),
        ("phases", rng.integers(0, 3, (128, 128))),
        ("noise", rng.normal(100, 9, (128, 128))),
    ):
        np.save(tmp_path / f"{name}.npy", image.astype(np.float32))
        assert doubts(tmp_path / f"{name}.npy", tmp_path / name, cut) == []


def test_terminal_and_page_say_it_before_any_number(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    images = study(tmp_path / "study", change=_bright)
    (tmp_path / "blobs.yaml").write_text(BLOBS)
    out = tmp_path / "out"
    assert main(["run", str(tmp_path / "blobs.yaml"), str(images), "-o", str(out)]) == 0
    assert "doubtful: 1 of 20 images: far brighter than the median image" in capfd.readouterr().err
    page = (out / "report.html").read_text("utf-8")
    assert page.index("1 of 20 images: far brighter") < page.index("<table>")


def test_a_doubt_is_one_line_however_many_images_it_is_about() -> None:
    many = Doubt("saturated", tuple((f"i{n}", "1 %") for n in range(300)))
    told = sentence(many, 1000)
    assert told.startswith("300 of 1,000 images: saturated: i0 (1 %), ")
    assert told.endswith("and 295 more")


def test_images_of_which_something_is_asked_are_shown_first(tmp_path: Path) -> None:
    images = study(tmp_path / "study", change=_bright)
    Pipeline.loads(BLOBS).run(images, out=tmp_path / "out", cache=False)
    page = (tmp_path / "out" / "report.html").read_text("utf-8")
    assert page.index("<summary>b07</summary>") < page.index("<summary>b00</summary>")


def test_steps_that_feed_nothing_are_named_and_not_run(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    spare = BLOBS.replace(
        "outputs:", "  spare: {op: filters.gaussian, input: image, sigma: 3}\noutputs:"
    )
    (tmp_path / "spare.yaml").write_text(spare)
    assert main(["check", str(tmp_path / "spare.yaml")]) == 0
    assert "spare feeds no output, check or figure" in capfd.readouterr().out
    np.save(tmp_path / "image.npy", blobs(np.random.default_rng(0), 12))
    run = Pipeline.load(tmp_path / "spare.yaml").run(
        tmp_path / "image.npy", out=tmp_path / "out", cache=False
    )
    assert "spare" not in run.results[0].steps
    page = (tmp_path / "out" / "report.html").read_text("utf-8")
    assert "left out: feeds no output" in page
    assert page.count("<h4>spare</h4>") == 0


def test_objects_of_each_channel_are_told_and_those_of_one_grey_are_not(tmp_path: Path) -> None:
    grey = blobs(np.random.default_rng(1), 9).astype(np.uint8)
    (tmp_path / "in").mkdir()
    imageio.v3.imwrite(tmp_path / "in" / "photo.png", np.dstack([grey] * 3))
    imageio.v3.imwrite(tmp_path / "in" / "scan.png", grey)
    (told,) = doubts(tmp_path / "in", tmp_path / "out")
    assert told.what.startswith("each channel counts by itself")
    assert told.images == (("photo", "3 channels"),)
    one = BLOBS.replace("steps:", "steps:\n  grey: {op: transform.grey}")
    assert doubts(tmp_path / "in", tmp_path / "grey", one) == []


def test_the_page_says_first_which_parameters_are_not_those_of_the_file(tmp_path: Path) -> None:
    written = Pipeline.loads(BLOBS.replace("segment.label", "segment.label, connectivity: 1"))
    again = written.with_values({"labels.connectivity": 2}).with_values({"bright.keep": "dark"})
    assert again.changed == {"labels.connectivity": 1, "bright.keep": "bright"}
    assert again.with_values({"labels.connectivity": 1}).changed == {"bright.keep": "bright"}
    again.run(study(tmp_path / "in"), out=tmp_path / "out", cache=False)
    page = (tmp_path / "out" / "report.html").read_text("utf-8")
    top = page.partition("<section")[2].partition("</section>")[0]
    assert "bright.keep from bright to dark, labels.connectivity from 1 to 2" in top
    written.run(tmp_path / "in", out=tmp_path / "plain", cache=False)
    assert "Changed for this run" not in (tmp_path / "plain" / "report.html").read_text("utf-8")
