"""Laws of the report: it stands alone, harms nobody, repeats itself, and never gives up."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from graticule.core.errors import StoreError
from graticule.report import write
from graticule.report.figures import kinds

Make = Callable[..., Path]
HOSTILE = "<script>alert(1)</script>"


class Page(HTMLParser):
    """Tags with their attributes, and the text between them."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.source = path.read_text("utf-8")
        self.feed(self.source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> Iterator[dict[str, str | None]]:
        return (attrs for name, attrs in self.tags if name == tag)


def change(folder: Path, edit: Callable[[dict[str, Any]], object]) -> None:
    file = folder / "run.json"
    record = json.loads(file.read_text())
    edit(record)
    file.write_text(json.dumps(record))


def assert_alone(page: Page) -> None:
    for _, attrs in page.tags:
        for name in ("src", "href", "action", "data", "srcset"):
            value = attrs.get(name)
            assert value is None or value.startswith(("data:image/png;base64,", "#"))
        assert not any(name.startswith("on") for name in attrs)
    assert "@import" not in page.source
    assert "url(http" not in page.source
    assert len(list(page.all("script"))) == 1


def test_it_stands_alone(quake_run: Make) -> None:
    folder = quake_run()
    path = write(folder)
    assert path == folder / "report.html"
    assert_alone(Page(path))
    assert not list(folder.glob(".report-*"))


def test_the_policy_names_the_one_script(quake_run: Make) -> None:
    page = Page(write(quake_run()))
    script = re.search(r"<script>(.*?)</script>", page.source, re.DOTALL)
    assert script
    digest = base64.b64encode(hashlib.sha256(script[1].encode()).digest()).decode()
    policy = next(a["content"] for a in page.all("meta") if a.get("http-equiv"))
    assert f"'sha256-{digest}'" in str(policy)
    assert "default-src 'none'" in str(policy)


def test_the_same_folder_gives_the_same_bytes(quake_run: Make) -> None:
    folder = quake_run()
    first = write(folder).read_bytes()
    assert write(folder).read_bytes() == first


@pytest.mark.parametrize(
    "place", ["name", "text", "description", "command", "path", "what", "op", "version", "seed"]
)
def test_text_of_files_is_text(quake_run: Make, place: str) -> None:
    folder = quake_run()
    nasty = f"{HOSTILE}\"'><img src=x onerror=alert(2)> {{{{ 7 * 7 }}}}"

    def edit(record: dict[str, Any]) -> None:
        first = record["images"][0]
        failed = {"kind": nasty, "what": nasty, "where": nasty, "hint": nasty}
        {
            "name": lambda: record["pipeline"].update(name=nasty),
            "text": lambda: record.update(text=nasty),
            "description": lambda: record["pipeline"].update(description=nasty),
            "command": lambda: record.update(command=["graticule", nasty]),
            "path": lambda: first.update(path=nasty, sha256=nasty),
            "what": lambda: first.update(status="failed", error=failed),
            "op": lambda: record["steps"]["scaled"].update(op=nasty, params={nasty: nasty}),
            "version": lambda: record["versions"].update({nasty: nasty}),
            "seed": lambda: record.update(seeds={nasty: nasty}, machine={nasty: [nasty]}),
        }[place]()

    change(folder, edit)
    page = Page(write(folder))
    assert_alone(page)
    assert HOSTILE in page.text
    assert "{{ 7 * 7 }}" in page.text


def test_hostile_names_and_headers(quake_run: Make) -> None:
    folder = quake_run()
    name = HOSTILE.replace("/", "_")
    (folder / "previews" / "flare.npz").rename(folder / "previews" / f"{name}.npz")
    rows = pd.read_parquet(folder / "images.parquet").replace({"image": {"flare": name}})
    rows[HOSTILE] = HOSTILE
    rows.to_parquet(folder / "images.parquet")
    kept = f"previews/{name}.npz"
    change(folder, lambda record: record["images"][1].update(image=name, preview=kept))
    change(folder, lambda record: record["units"]["images"].update({"p": HOSTILE}))
    with np.load(folder / "previews" / f"{name}.npz") as file:
        arrays = dict(file)
    meta = json.loads(arrays["meta"].tobytes())
    meta["step/image"].update(units=HOSTILE, dims=[HOSTILE, HOSTILE + "2"])
    arrays["meta"] = np.frombuffer(json.dumps(meta).encode(), np.uint8)
    np.savez(folder / "previews" / f"{name}.npz", **arrays)
    page = Page(write(folder))
    assert_alone(page)
    assert f"{name} (p = 0.005)" in page.text


def test_every_figure_has_its_words(quake_run: Make, coins_run: Path) -> None:
    for folder in (quake_run(), coins_run):
        page = Page(write(folder))
        pictures = list(page.all("img"))
        assert len(pictures) >= 4
        assert all(attrs.get("alt") for attrs in pictures)
        assert "is not shown" not in page.text


def test_what_it_says_first(quake_run: Make) -> None:
    page = Page(write(quake_run()))
    assert "2 images were analysed; none failed." in page.text
    said = "1 of 2 images holds a detection at a false discovery rate of 0.05: flare (p = 0.005)."
    assert said in page.text
    assert "0.005 is the smallest p that 199 surrogates can support." in page.text
    assert "The smallest p that 199 surrogates can support is 0.005" in page.text
    assert "p = (1 + 0) / (1 + 199) = 0.005" in page.text


def test_failed_images_are_named(coins_run: Path) -> None:
    page = Page(write(coins_run))
    assert "1 image was analysed; 1 failed." in page.text
    assert "1 failed and is not in the numbers" in page.text
    assert "the file ends early" in page.text
    assert "copy it again" in page.text


def test_a_folder_beside_the_images_is_no_alarm(quake_run: Make) -> None:
    folder = quake_run()
    record = json.loads((folder / "run.json").read_text())
    record["skipped"] = [{"path": "study/truth", "why": "a folder"}]
    (folder / "run.json").write_text(json.dumps(record))
    text = Page(write(folder)).text
    assert "Not everything could be used" not in text
    assert "a folder that no image was taken from: study/truth" in text
    record["skipped"].append({"path": "study/notes.doc", "why": "of no known format"})
    (folder / "run.json").write_text(json.dumps(record))
    assert "Not everything could be used" in Page(write(folder)).text


def test_notes_of_files_are_told_once_with_their_images(quake_run: Make) -> None:
    folder = quake_run()
    record = json.loads((folder / "run.json").read_text())
    record["images"][0]["notes"] = ["is turned <upright>"]
    record["images"] += [{**record["images"][0], "image": "second"}]
    (folder / "run.json").write_text(json.dumps(record))
    page = Page(write(folder))
    assert "What was read" in page.text
    assert page.text.count("is turned <upright>") == 1
    assert f"2 images: {record['images'][0]['image']}, second" in page.text


def test_several_overlays_are_told_apart(coins_run: Path) -> None:
    assert "Objects</h4>" in write(coins_run).read_text()
    record = json.loads((coins_run / "run.json").read_text())
    record["pipeline"]["report"].append({"figure": "overlay", "image": "image", "labels": "mask"})
    (coins_run / "run.json").write_text(json.dumps(record))
    page = write(coins_run).read_text()
    assert "Objects</h4>" not in page
    assert page.count("<h4>kept</h4>") == page.count("<h4>mask</h4>") == 2  # figure and strip


def test_numbers_and_units_of_the_table(coins_run: Path) -> None:
    page = Page(write(coins_run))
    assert '<button type="button">area</button><span class="unit">mm²</span>' in page.source
    assert "area / mm2" not in page.text  # it is in the picture
    assert any(attrs.get("class") == "n" for attrs in page.all("td"))


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        ({"figure": "sparkle"}, "there is no figure 'sparkle'"),
        ({"figure": "overlay", "image": "image", "labels": "nothing"}, "no picture of the step"),
        ({"figure": "overlay", "image": "image"}, "needs 'labels'"),
        ({"figure": "overlay", "image": "image", "labels": "kept", "size": 3}, "takes no 'size'"),
        ({"figure": "null_distribution", "of": "chance"}, "left no 'null'"),
        ({"figure": "histogram", "column": "volume"}, "has no column 'volume'"),
        ({"figure": "histogram", "column": "image"}, "holds no number"),
        ({"figure": "scatter", "table": "stars", "x": "a", "y": "b"}, "no table 'stars'"),
        ({"figure": "profile", "of": ["image"]}, "no picture of the step"),
        ({"figure": "arc", "image": "image", "curve": "kept"}, "holds no 't0'"),
        ({"title": "nothing"}, "there is no figure 'null'"),
    ],
)
def test_a_figure_that_cannot_be_made_says_so(
    coins_run: Path, entry: dict[str, Any], why: str
) -> None:
    change(coins_run, lambda record: record["pipeline"].update(report=[entry]))
    page = Page(write(coins_run))
    assert why in page.text
    assert "Every step, in order" in page.text


@pytest.mark.parametrize("lost", ["images.parquet", "images.csv", "previews/flare.npz", "all"])
@pytest.mark.parametrize("torn", [False, True])
def test_what_is_left_is_reported(quake_run: Make, lost: str, torn: bool) -> None:
    folder = quake_run()
    names = ["images.parquet", "images.csv", "previews/flare.npz", "previews/quiet.npz"]
    for name in names if lost == "all" else [lost]:
        file = folder / name
        if torn:
            file.write_bytes(file.read_bytes()[: file.stat().st_size // 3])
        else:
            file.unlink()
    assert "2 images" in Page(write(folder)).text


def test_an_empty_record_makes_a_page(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text("{}")
    page = Page(write(tmp_path))
    assert "0 images were analysed" in page.text


@pytest.mark.parametrize("content", [None, "{", "[]", '{"images": 3}', '{"steps": {"a": 1}}'])
def test_no_run_is_said(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "run.json").write_text(content)
    with pytest.raises(StoreError, match=r"run\.json"):
        write(tmp_path)
    assert not list(tmp_path.glob("*.html"))


def test_pickles_are_not_opened(quake_run: Make) -> None:
    folder = quake_run()
    bomb = np.array([object()], dtype=object)
    np.savez(folder / "previews" / "flare.npz", **{"step/image": bomb})
    assert "the pictures cannot be read" in Page(write(folder)).text


def test_a_large_study_stays_small(quake_run: Make) -> None:
    folder = quake_run()
    count = 30_000
    rows = pd.read_parquet(folder / "images.parquet")
    many = pd.concat([rows] * (count // 2), ignore_index=True)
    many["image"] = [f"i{index:06d}" for index in range(count)]
    many["detected"] = False
    many.loc[:1, ["image", "detected"]] = rows[["image", "detected"]].to_numpy()
    many.to_parquet(folder / "images.parquet")

    def edit(record: dict[str, Any]) -> None:
        first = record["images"][0]
        previews = {image["image"]: image["preview"] for image in record["images"]}
        record["images"] = [
            {**first, "image": name, "preview": previews.get(name)} for name in many["image"]
        ]
        for failed in record["images"][-100:]:
            failed.update(status="failed", error={"kind": "FormatError", "what": "torn"})

    change(folder, edit)
    path = write(folder)
    page = Page(path)
    assert path.stat().st_size < 3_000_000
    assert "The first 200 of 30,000 rows" in page.text
    assert "2 of 29,900 images are shown here" in page.text
    assert "and 50 more, all named in run.json" in page.text
    assert "The first 20,000 of 30,000 rows." in page.text


def test_kinds_of_figures_are_found() -> None:
    wanted = {
        "arc",
        "aligned",
        "profile",
        "null_distribution",
        "overlay",
        "histogram",
        "scatter",
        "image",
    }
    assert wanted <= set(kinds())
