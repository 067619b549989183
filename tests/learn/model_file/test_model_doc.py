"""docs/model-file.md says what is so."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import numpy as np
import pytest

from graticule.core import as_image
from graticule.learn.model_file import card_of, open_model, save_model
from graticule.learn.model_file import kinds as _kinds

DOC = (Path(__file__).parents[3] / "docs" / "model-file.md").read_text(encoding="utf-8")


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The model of the page, saved."""
    monkeypatch.setattr(_kinds, "_registered", {})
    names: dict[str, object] = {}
    code = next(c for c in re.findall(r"```python\n(.*?)```", DOC, re.S) if "register_model" in c)
    exec(code, names)
    level = names["Level"]
    return save_model(level(2.0), tmp_path / "level.model")  # type: ignore[operator]


def test_the_model_of_the_page_works(file: Path) -> None:
    image = as_image(np.eye(3))
    np.testing.assert_array_equal(open_model(file).predict(image), np.eye(3) - 2)


def test_every_key_and_entry_is_on_the_page(file: Path) -> None:
    said = set(re.findall(r"^\| `([\w/.]+)` \|", DOC, re.M))
    assert set(card_of(file)) - {"sha256"} <= said
    with zipfile.ZipFile(file) as archive:
        assert {name for name in archive.namelist() if "arrays/" not in name} <= said
    assert all(f"`{kind}`" in DOC for kind in _kinds.KINDS)
