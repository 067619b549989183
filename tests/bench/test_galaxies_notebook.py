"""What a published notebook does with galaxies, beside what is done here on the same images."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from imageio.v3 import imwrite
from sklearn.decomposition import PCA
from sklearn.metrics import silhouette_score

import graticule as gt
from graticule.bench import _galaxies_notebook as theirs
from graticule.cli import main
from graticule.io.pairing import pair_files
from graticule.ops.detect._lines import has_line


def _spot(place: tuple[float, float], size: int = 200, width: float = 9.0) -> Any:
    y, x = np.mgrid[:size, :size]
    light = 0.6 * np.exp(-((y - place[0]) ** 2 + (x - place[1]) ** 2) / (2 * width**2))
    return light + np.random.default_rng(0).normal(0.05, 0.01, light.shape)


def _centre_of_light(values: Any) -> tuple[float, float]:
    light = np.clip(values - np.median(values), 0.1, None) - 0.1
    y, x = np.indices(values.shape)
    return float((light * y).sum() / light.sum()), float((light * x).sum() / light.sum())


def test_a_place_as_x_and_y_where_row_and_column_are_wanted(tmp_path: Path) -> None:
    """Theirs: turned about a mirrored place, a galaxy off the diagonal leaves its cut-out.

    Ours: it is in the middle.
    """
    values = _spot((70, 130)) + 0.4 * _spot((78, 138), width=4.0)
    path = tmp_path / "off.png"
    imwrite(path, (255 * np.clip(values, 0, 1)).astype(np.uint8)[..., None].repeat(3, axis=2))
    grey = theirs.rgb2gray(theirs.imread(path))
    galaxy = theirs.nearest_blob(theirs.blobs(grey), grey.shape)
    assert galaxy is not None
    right, wrong = (
        theirs.cropped(theirs.rotate(grey, 40, center=centre), galaxy)
        for centre in ((galaxy.x, galaxy.y), (galaxy.y, galaxy.x))
    )
    middle = len(right) / 2
    assert np.hypot(*np.subtract(_centre_of_light(right), middle)) < 3
    assert wrong.max() < 0.5 or np.hypot(*np.subtract(_centre_of_light(wrong), middle)) > 10
    found = gt.detect.main_object(grey)
    shown = gt.transform.canonical(grey, found.object, found.objects, size=64)
    assert np.hypot(*np.subtract(_centre_of_light(shown), 31.5)) < 3


def test_a_cut_out_that_starts_before_the_image() -> None:
    """Theirs: empty. Ours: what is outside is sky, and the object is said to be cut."""
    values = _spot((20, 100))
    assert theirs.cropped(values, theirs.Blob(x=100, y=20, radius=15)).size == 0
    record = gt.detect.main_object(_spot((8, 100))).object
    assert record["cut"][0]
    shown = gt.transform.canonical(values, gt.detect.main_object(values).object, size=64)
    assert shown.shape == (64, 64)
    assert np.isfinite(shown).all()
    assert shown[32, 32] > 5 * abs(shown[:4]).max()


def test_identifiers_by_prefix(tmp_path: Path) -> None:
    """Theirs: 1001 has the files of 10010 too. Ours: names are equal or they are not."""
    for folder in ("images", "labels"):
        (tmp_path / folder).mkdir()
        for name in ("1001", "10010", "10011"):
            (tmp_path / folder / f"{name}.png").touch()
    assert len(theirs.files_of(tmp_path / "images", "1001")) == 3
    pairs = pair_files(tmp_path / "images", tmp_path / "labels").pairs
    assert [each.name for each in pairs] == ["1001", "10010", "10011"]
    assert all(each.result.name == each.truth.name for each in pairs)


def test_a_conversion_to_bool_as_a_threshold() -> None:
    """Theirs: what is fainter than half of the range is nothing, and has no angle.

    Ours: the angle is that of the light above the sky.
    """
    y, x = np.mgrid[:200, :200] - 100.0
    along, across = (y + x) / np.sqrt(2), (y - x) / np.sqrt(2)
    light = 0.3 * np.exp(-(along**2) / 512 - across**2 / 72)
    values = light + np.random.default_rng(1).normal(0.05, 0.01, light.shape)
    assert theirs.orientation(values) == 0
    assert gt.detect.main_object(values).object["angle"][0] == pytest.approx(np.pi / 4, abs=0.03)


def test_a_line_fitted_through_scattered_pixels() -> None:
    """Theirs: dust that lies anywhere in a band is a stripe, and an upright stripe is none.

    Ours: a stripe is one slim straight piece.
    """
    rng = np.random.default_rng(2)
    values = np.full((200, 200), 0.6) + rng.normal(0, 0.01, (200, 200))
    dust = values.copy()
    dust[100 + rng.integers(-9, 10, 24), 10 + 7 * np.arange(24)] = 0.02
    upright = values.copy()
    upright[20:180, 99:101] = 0.02
    assert theirs.has_stripe(dust)
    assert not theirs.has_stripe(upright)
    assert not has_line(dust < 0.3, 20)
    assert not gt.detect.main_object(dust).object["stripe"][0]
    assert gt.detect.main_object(upright).object["stripe"][0]


@pytest.fixture(scope="module")
def grouped(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, pd.DataFrame]:
    """Return a clustering of two clouds and some odd rows in their first component."""
    folder = tmp_path_factory.mktemp("grouped")
    rng = np.random.default_rng(3)
    values = rng.normal(0, 1, (80, 4)) * [0.5, 3, 3, 3]
    values[:40, 0] += 40
    values[76:, 0] = [80, 100, 120, 140]
    names = [f"g{number}" for number in range(len(values))]
    rows = pd.DataFrame(values, columns=list("abcd")).assign(image=names)
    rows.to_csv(folder / "rows.csv", index=False)
    (folder / "groups.yaml").write_text("""
graticule: 1
task: clustering
features: {columns: [a, b, c, d]}
methods:
  dense: [{step: pca, n_components: 1}, {step: dbscan, eps: 3, min_samples: 5}]
"null": {n: 0}
stability: {n: 0}
""")
    words = ["cluster", str(folder / "groups.yaml"), str(folder / "rows.csv")]
    assert main([*words, "-o", str(folder / "out")]) == 0
    return folder / "out", rows


def test_the_label_of_noise_as_an_index(grouped: tuple[Path, pd.DataFrame]) -> None:
    """Theirs: -1 is the last of the clusters, which is shown with the noise in it.

    Ours: noise is a group of its own kind, shown apart.
    """
    out, _ = grouped
    labels = pd.read_csv(out / "groups.csv")["group"].to_numpy()
    odd = np.flatnonzero(labels == -1)
    assert odd.tolist() == [76, 77, 78, 79]
    shown: list[list[int]] = [[], []]
    for row, label in enumerate(labels):
        shown[label].append(row)  # their loop
    assert set(odd) < set(shown[-1])
    assert sorted(np.bincount(labels[labels >= 0])) == [36, 40]
    assert "In no group" in (out / "report.html").read_text()


def test_a_silhouette_of_another_space(grouped: tuple[Path, pd.DataFrame]) -> None:
    """Theirs: of the values, whose groups were made of a component of them, noise with the rest.

    Ours: of the space that was clustered, without noise.
    """
    out, rows = grouped
    labels = pd.read_csv(out / "groups.csv")["group"].to_numpy()
    values = rows[list("abcd")].to_numpy()
    clustered = PCA(1).fit_transform(values)
    known = labels >= 0
    ours = pd.read_csv(out / "methods.csv")["silhouette"][0]
    assert ours == pytest.approx(silhouette_score(clustered[known], labels[known]))
    assert silhouette_score(values, labels) < ours - 0.1
