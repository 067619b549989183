"""Spectra are drawn in the colours of their map; bins of two images in those of their groups."""

from __future__ import annotations

import base64
import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import graticule as gt
from graticule.core.typing import Array
from graticule.pipeline import Pipeline
from graticule.report.figures import FigureContext, Missing, draw
from graticule.report.preview import Preview
from graticule.report.record import RunRecord
from graticule.report.style import Drawing, label_colours
from graticule.report.tables import StudyTable

LABELS = np.repeat(np.arange(1, 4, dtype=np.int32), 400).reshape(30, 40)


def context(folder: Path, table: pd.DataFrame, name: str, **params: Any) -> FigureContext:
    """Return what a run with one table, a map and an image holds."""
    table.insert(0, "image", "scan")
    table.to_parquet(folder / f"objects_{name}.parquet", index=False)
    kinds = {"step/groups": "labels", "step/average": "image"}
    meta = {step: {"dims": ["y", "x"], "kind": kind} for step, kind in kinds.items()}
    text = np.frombuffer(json.dumps(meta).encode(), np.uint8)
    arrays = {"step/groups": LABELS, "step/average": np.linspace(0, 1, 1200).reshape(30, 40)}
    np.savez(folder / "scan.npz", meta=text, **arrays)
    step = {"op": "spectra.regions", "params": params}
    record = RunRecord(pipeline={"steps": {name: step}})
    tables = {f"objects_{name}": StudyTable(folder, f"objects_{name}")}
    return FigureContext(record, tables, "scan", Preview(folder / "scan.npz"))


def spectra(regions: list[str], **columns: float) -> pd.DataFrame:
    bins = np.linspace(2, 4, 30)
    parts = [
        pd.DataFrame({"region": name, "wavelength": bins, "mean": bins + place, **columns})
        for place, name in enumerate(regions)
    ]
    return pd.concat(parts, ignore_index=True)


def colours(drawing: Drawing | Missing) -> set[tuple[int, ...]]:
    return {tuple(colour) for colour in pixels(drawing).reshape(-1, 3).tolist()}


def pixels(drawing: Drawing | Missing) -> Array:
    assert isinstance(drawing, Drawing), drawing
    content = base64.b64decode(drawing.source.partition(",")[2])
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGB"), int)


def colour_of(label: int) -> tuple[int, ...]:
    return tuple(label_colours(np.array([label]))[0].tolist())


def test_a_spectrum_has_the_colour_of_its_label(tmp_path: Path) -> None:
    made = context(tmp_path, spectra(["7", "2"], error=0.01), "means")
    drawing = draw({"figure": "spectra", "of": "means"}, made)
    assert {colour_of(7), colour_of(2)} <= colours(drawing)
    assert colour_of(1) not in colours(drawing)
    assert isinstance(drawing, Drawing)
    assert "two standard errors (error)" in drawing.caption


def test_a_named_region_has_the_colour_of_the_label_it_names(tmp_path: Path) -> None:
    table = spectra(["steel", "nickel"])
    made = context(tmp_path, table, "means", names={"5": "nickel", "3": "steel"})
    found = colours(draw({"figure": "spectra", "of": "means"}, made))
    assert {colour_of(5), colour_of(3)} <= found
    assert colour_of(1) not in found


def test_a_group_has_the_colour_of_its_label_and_nothing_has_none(tmp_path: Path) -> None:
    table = spectra(["nothing", "1", "nickel"]).rename(columns={"region": "group"})
    table["label"] = table["group"].map({"nothing": 0, "1": 1, "nickel": 4})
    found = colours(draw({"figure": "spectra", "of": "s"}, context(tmp_path, table, "s")))
    assert {colour_of(1), colour_of(4)} <= found
    assert not {colour_of(2), colour_of(3)} & found


@pytest.mark.parametrize(
    ("p", "words"),
    [
        (0.01, "There is more than one material: one material of these thicknesses gives spectra "
         "as different with p = 0.01; two halves of the pixels agree on 3 groups by 0.98."),
        (0.3, "Not more than one material is shown: one material of these thicknesses gives "
         "spectra as different with p = 0.3."),
        (np.nan, "Too few pixels or bins say whether there is more than one material."),
    ],
)  # fmt: skip
def test_it_is_said_whether_the_groups_are_real(tmp_path: Path, p: float, words: str) -> None:
    made = context(tmp_path, spectra(["1", "2"]), "materials_spectra")
    tables = {"objects_materials_spectra": made.tables["objects_materials_spectra"]}
    row = pd.Series({"p_one_material": p, "stability": 0.98, "groups": 3})
    for op, ending in (("learn.spectral_clusters", words), ("spectra.regions", "2 spectra.")):
        record = RunRecord(pipeline={"steps": {"materials": {"op": op, "params": {"alpha": 0.05}}}})
        grouped = replace(made, tables=tables, row=row, record=record)
        drawing = draw({"figure": "spectra", "of": "materials.spectra"}, grouped)
        assert isinstance(drawing, Drawing), drawing
        assert drawing.caption.endswith(ending)


def test_the_map_beside_has_the_same_colours(tmp_path: Path) -> None:
    made = context(tmp_path, spectra(["2"], low=1.0, high=9.0), "means")
    drawing = draw({"figure": "spectra", "of": "means", "map": "groups"}, made)
    assert {colour_of(1), colour_of(2), colour_of(3)} <= colours(drawing)
    assert isinstance(drawing, Drawing)
    assert "in the colours of groups" in drawing.caption
    assert "Bands are intervals" in drawing.caption


def test_chosen_pixels_are_outlined_on_the_average(tmp_path: Path) -> None:
    boxes = {"1": {"y": [3, 4], "x": [5, 6]}, "2": {"y": [20, 21], "x": [30, 31]}}
    made = context(tmp_path, spectra(["1", "2"]), "pixels", boxes=boxes)
    drawing = draw({"figure": "spectra", "of": "pixels", "map": "average"}, made)
    assert isinstance(drawing, Drawing)
    content = base64.b64decode(drawing.source.partition(",")[2])
    image = np.asarray(Image.open(io.BytesIO(content)).convert("RGB"))
    left = image[:, : image.shape[1] // 2].reshape(-1, 3)
    for label in (1, 2):
        assert (left == colour_of(label)).all(axis=1).any()


def test_edges_are_marked_where_they_are_in_the_colour_of_their_spectrum(tmp_path: Path) -> None:
    made = context(tmp_path, spectra(["3", "6"]), "means")
    edges = pd.DataFrame(
        {
            "image": "scan", "region": ["3", "6", "6", "9"], "plane": ["110", "111", "", "110"],
            "position": [2.5, 3.0, np.nan, 3.5], "position_low": [2.4, 2.9, np.nan, 3.4],
            "position_high": [2.6, np.inf, np.nan, 3.6],
        }
    )  # fmt: skip
    edges.to_parquet(tmp_path / "objects_edges.parquet", index=False)
    tables = {**made.tables, "objects_edges": StudyTable(tmp_path, "objects_edges")}
    drawing = draw(
        {"figure": "spectra", "of": "means", "edges": "edges"}, replace(made, tables=tables)
    )
    assert isinstance(drawing, Drawing)
    assert drawing.caption.startswith("2 spectra, 2 edges.")
    plain = draw({"figure": "spectra", "of": "means"}, made)
    assert colours(drawing) > colours(plain), "bands of a lighter colour are added"
    told = draw(
        {"figure": "spectra", "of": "means", "edges": "means"}, replace(made, tables=tables)
    )
    assert isinstance(told, Missing)
    assert "no column position" in told.why


def test_what_has_no_distinct_groups_is_not_said_to_be_stable(tmp_path: Path) -> None:
    made = context(tmp_path, spectra(["1"]), "materials_spectra")
    tables = {"objects_materials_spectra": made.tables["objects_materials_spectra"]}
    row = pd.Series({"p_one_material": 0.01, "stability": np.nan, "groups": 1})
    record = RunRecord(pipeline={"steps": {"materials": {"op": "learn.spectral_clusters"}}})
    grouped = replace(made, tables=tables, row=row, record=record)
    drawing = draw({"figure": "spectra", "of": "materials.spectra"}, grouped)
    assert isinstance(drawing, Drawing), drawing
    assert "no groups are distinct" in drawing.caption
    assert "nan" not in drawing.caption


@pytest.mark.parametrize("unit", ["nm", "ms"])
def test_edges_are_marked_on_an_axis_of_any_unit_of_length(tmp_path: Path, unit: str) -> None:
    table = spectra(["3"])
    table["wavelength"] *= 0.1
    made = context(tmp_path, table, "means")
    edges = pd.DataFrame({"image": "scan", "region": ["3"], "plane": ["110"], "position": [3.0]})
    edges.to_parquet(tmp_path / "objects_edges.parquet", index=False)
    tables = {**made.tables, "objects_edges": StudyTable(tmp_path, "objects_edges")}
    units = {"objects_means": {"wavelength": unit}, "objects_edges": {"position": "angstrom"}}
    record = made.record.model_copy(update={"units": units})
    told = draw(
        {"figure": "spectra", "of": "means", "edges": "edges"},
        replace(made, tables=tables, record=record),
    )
    if unit == "ms":
        assert isinstance(told, Missing)
        assert "edges in angstrom have no place on the axis wavelength in ms" in told.why
    else:
        assert isinstance(told, Drawing), told
        plain = draw({"figure": "spectra", "of": "means"}, replace(made, record=record))
        changed = np.abs(pixels(told) - pixels(plain)).any(axis=2)
        column = np.flatnonzero(changed[: changed.shape[0] // 2].any(axis=0)).mean()
        assert column == pytest.approx(changed.shape[1] * 0.5, rel=0.1), "in the middle of 2 to 4"


def test_a_table_without_spectra_says_so(tmp_path: Path) -> None:
    made = context(tmp_path, pd.DataFrame({"label": [1], "area": [3.0]}), "objects")
    told = draw({"figure": "spectra", "of": "objects"}, made)
    assert isinstance(told, Missing)
    assert "holds no spectra: it has the columns image, label, area" in told.why
    told = draw({"figure": "joint_histogram", "of": "objects"}, made)
    assert isinstance(told, Missing)
    assert "is no joint histogram" in told.why


def test_bins_of_two_images_have_the_colours_of_their_groups(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 3, (60, 70))
    one = np.array([1.0, 1.0, 5.0])[truth] + rng.normal(0, 0.1, truth.shape)
    other = np.array([2.0, 8.0, 8.0])[truth] + rng.normal(0, 0.1, truth.shape)
    for name, image in (("scan", one), ("other/scan", other)):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        gt.write(tmp_path / f"{name}.npy", image)
    pipeline = Pipeline.loads(
        json.dumps(
            {
                "graticule": 1,
                "name": "two",
                "inputs": {"image": {}, "other": {"path": "other/{name}"}},
                "steps": {
                    "phases": {"op": "segment.bivariate", "input": "image", "other": "other"}
                },
                "outputs": ["phases.labels", "phases.clusters", "phases.histogram"],
                "report": [
                    {"figure": "joint_histogram", "of": "phases.histogram", "map": "phases.labels"}
                ],
            }
        )
    )
    run = pipeline.run(tmp_path / "scan.npy", tmp_path / "out")
    assert not run.failed
    page = (tmp_path / "out" / "report.html").read_text()
    assert "4,200 samples in 3 groups" in page
    assert "no joint histogram" not in page


@pytest.mark.parametrize("names", [["neutrons", "X-rays"], None])
def test_the_two_images_are_called_what_they_are(tmp_path: Path, names: list[str] | None) -> None:
    table = pd.DataFrame(
        {"value_image": [0.5, 1.5], "value_other": [2.0, 4.0], "count": [9, 1], "label": [1, 4]}
    )
    made = context(tmp_path, table, "bins")
    entry = {"figure": "joint_histogram", "of": "bins"} | ({"names": names} if names else {})
    drawing = draw(entry, made)
    assert isinstance(drawing, Drawing)
    assert " and ".join(names or ["image", "other"]) in drawing.alt
    assert colour_of(1) in colours(drawing)


def test_the_only_table_of_a_run_is_found_by_its_step(tmp_path: Path) -> None:
    made = context(tmp_path, spectra(["2"], error=0.1), "means")
    (tmp_path / "objects_means.parquet").rename(tmp_path / "objects.parquet")
    alone = FigureContext(
        made.record, {"objects": StudyTable(tmp_path, "objects")}, made.image, made.preview
    )
    assert colour_of(2) in colours(draw({"figure": "spectra", "of": "means"}, alone))
    missing = draw({"figure": "spectra", "of": "no_such_step"}, alone)
    assert isinstance(missing, Missing)
