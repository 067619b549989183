"""``graticule audit``: tables, a page, and an exit status that says whether all was done."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from graticule.cli import main


def images(folder: Path, *, masks: Path | None = None) -> str:
    folder.mkdir()
    rng = np.random.default_rng(0)
    cells = rng.random((40, 50)) < 0.2
    for light in (1, 2, 3):
        noisy = np.where(cells, 40, 70) * light + rng.normal(0, 2, cells.shape)
        Image.fromarray(noisy.astype(np.uint8)).save(folder / f"light{light}.png")
        if masks is not None:
            masks.mkdir(exist_ok=True)
            Image.fromarray((cells * 255).astype(np.uint8)).save(masks / f"light{light}.png")
    return str(folder)


def test_every_threshold_is_applied_to_every_image(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "audit"
    given = images(tmp_path / "images", masks=tmp_path / "masks")
    command = ["audit", given, "--keep", "dark", "--truth", str(tmp_path / "masks")]
    assert main([*command, "-o", str(out)]) == 0
    fractions = pd.read_csv(out / "fractions.csv", index_col=0)
    dice = pd.read_csv(out / "dice.csv", index_col=0)
    assert list(fractions) == list(fractions.index) == ["light1", "light2", "light3"]
    assert np.diagonal(dice) == pytest.approx(1)
    assert dice.loc["light3", "light1"] < 0.5
    assert "Dice is 1.000 with own thresholds" in capsys.readouterr().out
    page = (out / "audit.html").read_text()
    assert page.count("data:image/png;base64,") == 2
    assert "light2" in page


def test_an_image_in_colour_is_made_grey_and_one_without_a_threshold_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = Path(images(tmp_path / "images"))
    grey = np.array(Image.open(folder / "light1.png"))
    Image.fromarray(np.stack([grey] * 3, axis=-1)).save(folder / "light1.png")
    np.save(folder / "empty.npy", np.full((4, 4), np.nan))
    assert main(["audit", str(folder), "-o", str(tmp_path / "audit")]) == 1
    assert "no threshold: empty: " in capsys.readouterr().out
    assert len(pd.read_csv(tmp_path / "audit" / "thresholds.csv")) == 3


@pytest.mark.parametrize(
    ("extra", "said"),
    [(["--method", "otzu"], "did you mean otsu"), (["--truth", "absent"], "absent")],
)
def test_a_wrong_request_is_named(
    extra: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = images(tmp_path / "images")
    assert main(["audit", given, "-o", str(tmp_path / "audit"), *extra]) == 2
    assert said in capsys.readouterr().err
