"""learn.onnx: in tiles as on the whole, as torch, and nothing of a file is trusted."""

from __future__ import annotations

import hashlib
import pickle
import zipfile
from contextlib import suppress

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

import graticule as gt
from graticule.core import as_image
from graticule.core.errors import GraticuleError, ImageError, UnsafeFileError
from graticule.learn.interchange.parameter import OnnxFile
from graticule.learn.interchange.windows import CoreLattice
from graticule.pipeline import Pipeline
from graticule.pipeline.tiles import run_tiled
from graticule.testing.networks import reach, unet_onnx, unet_torch, unet_weights

WEIGHTS = unet_weights(width=4, depth=2)
ABOUT = {"model": unet_onnx(WEIGHTS), "axes": "bcyx", "halo": reach(2), "multiple": 4}
IMAGE = np.random.default_rng(0).normal(size=(132, 176)).astype(np.float32)
OP = gt.op("learn.onnx")


@pytest.fixture(scope="module")
def whole():
    return OP(IMAGE, **ABOUT, tile=512)


def test_it_gives_what_torch_gives(whole):
    np.testing.assert_allclose(whole, unet_torch(WEIGHTS, IMAGE), rtol=0, atol=1e-4)
    assert whole.std() > 0.1  # else the weights would show nothing


@pytest.mark.parametrize("tile", [52, 56, 100])
def test_windows_are_as_the_whole_to_the_bit(whole, tile):
    np.testing.assert_array_equal(OP(IMAGE, **ABOUT, tile=tile), whole)


@pytest.mark.parametrize("tile", [{"y": 31, "x": 176}, {"y": 70, "x": 45}])
def test_tiles_are_as_the_whole_to_the_bit(whole, tile):
    tiled = run_tiled(OP, [as_image(IMAGE)], {**ABOUT, "tile": 60}, tile=tile)
    np.testing.assert_array_equal(tiled.values, whole)


def test_a_halo_that_is_too_small_is_seen(whole):
    assert (OP(IMAGE, **{**ABOUT, "halo": 2}, tile=52) != whole).any()


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 90), st.integers(1, 9), st.integers(0, 7), st.integers(1, 5), st.data())
def test_windows_share_out_every_sample_once(size, more, halo, multiple, data):
    tile = -(-(2 * halo + multiple) // multiple) * multiple + more * multiple
    lattice = CoreLattice((tile,), (halo,), (multiple,), (multiple,))
    windows = list(lattice.windows([size], [(0, size)]))
    spans = [window.own[0] for window in windows]
    assert [a for a, _ in spans[1:]] == [b for _, b in spans[:-1]]
    assert (spans[0][0], spans[-1][1]) == (0, size)
    (padded,), (extent,) = lattice.padded([size]), lattice.extent([size])
    for window in windows:
        (start,), ((a, b),) = window.start, window.own
        assert start % multiple == 0
        assert 0 <= start <= padded - extent
        assert a >= start + (halo if start else 0)
        assert b <= start + extent - (halo if start + extent < padded else 0)
    low = data.draw(st.integers(0, size - 1))
    high = data.draw(st.integers(low + 1, size))
    part = [window.own[0] for window in lattice.windows([size], [(low, high)])]
    assert (part[0][0], part[-1][1]) == (low, high)


def test_sizes_that_are_no_multiple_are_continued(whole):
    found = OP(IMAGE[:129, :173], **ABOUT, tile=512)
    assert found.shape == (2, 129, 173)
    np.testing.assert_array_equal(found[:, :80, :120], whole[:, :80, :120])


def test_each_plane_of_a_stack_is_taken_by_itself(whole):
    stack = xr.DataArray(np.stack([IMAGE, IMAGE[::-1]]), dims=["t", "y", "x"])
    stack = stack.assign_coords(x=("x", np.arange(176) * 0.5, {"units": "um"}))
    found = OP(stack, **ABOUT)
    assert found.dims == ("class", "t", "y", "x")
    np.testing.assert_array_equal(found[:, 0].values, whole)
    assert found.x.attrs["units"] == "um"


def test_colours_go_in_as_channels():
    weights = unet_weights(channels=3, outputs=1, width=2, depth=1)
    about = {"model": unet_onnx(weights), "axes": "bcyx", "halo": reach(1), "multiple": 2}
    colours = xr.DataArray(np.random.default_rng(1).random((20, 24, 3)), dims=["y", "x", "c"])
    found = OP(colours, **about)
    assert found.dims == ("y", "x")
    expected = unet_torch(weights, colours.transpose("c", "y", "x").values)[0]
    np.testing.assert_allclose(found.values, expected, atol=1e-4)
    with pytest.raises(ImageError, match="must have 3 channels, as the network takes, not 1"):
        OP(colours[..., 0], **about)


def test_a_missing_value_is_missing_and_no_other():
    image = IMAGE.copy()
    image[5, 7], image[60, 60] = np.nan, np.inf
    found = OP(image, **ABOUT)
    expected = np.zeros(image.shape, bool)
    expected[5, 7] = expected[60, 60] = True
    np.testing.assert_array_equal(np.isnan(found), np.stack([expected] * 2))


def test_values_are_scaled_and_made_probabilities(whole):
    scaled = OP(IMAGE * 10 + 3, **ABOUT, gain=0.1, offset=-0.3, activation="softmax")
    expected = np.exp(whole) / np.exp(whole).sum(axis=0)
    np.testing.assert_allclose(scaled, expected, atol=1e-4)
    np.testing.assert_allclose(
        OP(IMAGE, **ABOUT, activation="sigmoid", of="1"), 1 / (1 + np.exp(-whole[1])), atol=1e-6
    )


def test_a_network_of_one_size_is_given_windows_of_it(whole):
    about = {**ABOUT, "model": unet_onnx(WEIGHTS, sizes=(64, 72))}
    np.testing.assert_array_equal(OP(IMAGE, **about), whole)
    assert OP(IMAGE[:30, :30], **about).shape == (2, 30, 30)


RDF = """
format_version: 0.4.10
name: little
inputs:
  - name: image
    axes: bcyx
    data_type: float32
    shape: {min: [1, 1, 56, 56], step: [0, 0, 4, 4]}
    preprocessing: [{name: scale_linear, kwargs: {gain: 0.5, offset: 1.0, axes: yx}}]
outputs:
  - name: scores
    axes: bcyx
    shape: {reference_tensor: image, scale: [1, 1, 1, 1], offset: [0, 0, 0, 0]}
    halo: [0, 0, 23, 23]
    postprocessing: [{name: sigmoid}]
weights: {onnx: {source: weights.onnx, sha256: SHA}}
"""
RDF_5 = """
format_version: 0.5.3
name: little
inputs:
  - id: image
    axes:
      - {type: batch}
      - {type: channel, channel_names: [grey]}
      - {type: space, id: y, size: {min: 56, step: 4}}
      - {type: space, id: x, size: {min: 56, step: 4}}
    data: {type: float32}
    preprocessing:
      - {id: scale_linear, kwargs: {gain: 0.5, offset: 1.0}}
      - {id: ensure_dtype, kwargs: {dtype: float32}}
outputs:
  - id: scores
    axes:
      - {type: batch}
      - {type: channel, channel_names: [ground, cell]}
      - {type: space, id: y, size: {tensor_id: image, axis_id: y, offset: 0}, halo: 23}
      - {type: space, id: x, size: {tensor_id: image, axis_id: x}, halo: 23}
    postprocessing: [{id: sigmoid}]
weights: {onnx: {source: weights.onnx, sha256: SHA}}
"""


def described(folder, text=RDF, content=ABOUT["model"], name="weights.onnx"):
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(content)
    text = text.replace("SHA", hashlib.sha256(content).hexdigest())
    (folder / "rdf.yaml").write_text(text)
    return folder / "rdf.yaml"


@pytest.mark.parametrize("text", [RDF, RDF_5])
def test_a_description_of_the_model_zoo_declares_all_of_it(tmp_path, text):
    path = described(tmp_path / "model", text)
    expected = 1 / (1 + np.exp(-unet_torch(WEIGHTS, IMAGE * np.float32(0.5) + 1)))
    with zipfile.ZipFile(tmp_path / "model.zip", "w") as archive:
        archive.write(path, "rdf.yaml")
        archive.write(path.with_name("weights.onnx"), "weights.onnx")
    for model in (path, path.parent, tmp_path / "model.zip"):
        found = OP(as_image(IMAGE), model=model, tile=60)
        np.testing.assert_allclose(found.values, expected, atol=1e-4)
        names = ["ground", "cell"] if text == RDF_5 else ["0", "1"]
        assert list(found["class"].values) == names


def test_a_scale_of_the_whole_image_is_a_step_before(tmp_path):
    own = "name: scale_linear, kwargs: {gain: 0.5, offset: 1.0, axes: yx}"
    wanted = "name: zero_mean_unit_variance, kwargs: {mode: per_sample, axes: yx}"
    path = described(tmp_path / "model", RDF.replace(own, wanted))
    image = IMAGE * 30 + 7
    refused("give scaling: given", image=image, model=path)
    found = OP(gt.transform.normalise(image), model=path, scaling="given", activation="none")
    scaled = (image - image.mean()) / (image.std() + 1e-6)
    np.testing.assert_allclose(found, unet_torch(WEIGHTS, scaled), atol=1e-4)


def test_a_pipeline_names_the_file_beside_it_and_keeps_its_hash(tmp_path):
    path = described(tmp_path / "model")
    (tmp_path / "p.yaml").write_text(
        "{graticule: 1, steps: {scores: {op: learn.onnx, model: model/rdf.yaml, of: '1'}}}"
    )
    gt.write(tmp_path / "image.npy", IMAGE)
    run = Pipeline.load(tmp_path / "p.yaml").run(
        tmp_path / "image.npy", tmp_path / "out", cache=False
    )
    (result,) = run.results
    assert result.status == "done", result.error
    found = gt.read(tmp_path / "out" / result.arrays[0])
    np.testing.assert_array_equal(found.values, OP(IMAGE, model=path, of="1"))
    record = (tmp_path / "out" / "run.json").read_text()
    assert hashlib.sha256(ABOUT["model"]).hexdigest() in record


def test_a_network_goes_to_another_process():
    model = OnnxFile(ABOUT["model"])
    again = pickle.loads(pickle.dumps(model))  # noqa: S301
    assert again == model
    assert OnnxFile(ABOUT["model"], path=None).canonical() == model.canonical()


def refused(what, image=IMAGE, **params):
    with pytest.raises(GraticuleError, match=what) as caught:
        OP(image, **params)
    assert caught.value.hint or caught.value.where
    return caught.value


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda t: t.replace("weights.onnx", "/etc/passwd"), "outside of its folder"),
        (lambda t: t.replace("weights.onnx", "../weights.onnx"), "outside of its folder"),
        (lambda t: t.replace("weights.onnx", "https://a.b/w.onnx"), "is not fetched"),
        (lambda t: t.replace("weights.onnx", "other.onnx"), "not beside it"),
        (lambda t: t.replace("sha256: SHA", "sha256: 00"), "its hash is another"),
        (lambda t: t.replace("onnx: {", "torchscript: {"), "no weights of the kind onnx"),
        (lambda t: t.replace("inputs:", "input:"), "is not understood"),
        (lambda t: t.replace("name: scale_linear, kwargs: {gain: 0.5, offset: 1.0, axes: yx}",
                             "name: scale_range, kwargs: {mode: per_sample}"),
         "wants scale_range of the whole image"),
        (lambda t: t.replace("name: sigmoid", "name: magic"), "asks for magic"),
        (lambda t: t.replace("scale: [1, 1, 1, 1]", "scale: [1, 1, 2, 2]"), "another size along y"),
        (lambda t: "a: [b", "no sound YAML"),
        (lambda t: "[1]", "no weights of the kind onnx"),
    ],
)  # fmt: skip
def test_a_description_that_is_wrong_or_leads_away_is_named(tmp_path, change, what):
    path = described(tmp_path / "model")
    path.write_text(change(RDF).replace("SHA", hashlib.sha256(ABOUT["model"]).hexdigest()))
    refused(what, model=path)


BOMB = "a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 30)
)


@pytest.mark.parametrize(
    ("wanted", "given", "what"),
    [
        ("size: {min: 56", "size: {min: 1e400", "whole numbers from 0 to 65536, not"),
        ("size: {min: 56", "size: {min: 16000000", "whole numbers from 0 to 65536, not 16000000"),
        ("size: {min: 56", "size: {min: -56", "whole numbers from 0 to 65536, not -56"),
        ("step: 4", "step: -4", "whole numbers from 0 to 65536, not -4"),
        ("halo: 23", "halo: -4", "whole numbers from 0 to 65536, not -4"),
        ("size: {min: 56, step: 4}", "size: 65537", "whole numbers from 0 to 65536, not 65537"),
        ("name: little", BOMB + "name: *a29", "stands for more than"),
        ("name: little", "a: &a [*a]\nname: *a", "stands for more than"),
        ("name: little", "name: [little]", "must have a name of up to 1000 letters"),
        ("name: little", "name: " + "little" * 200, "must have a name of up to 1000 letters"),
        ("[ground, cell]", "[[ground], cell]", "must have a name of up to 1000 letters"),
        ("gain: 0.5", "gain: 1" + "0" * 400, "is not understood"),
        ("id: scale_linear, kwargs: {gain: 0.5, offset: 1.0}",
         "id: fixed_zero_mean_unit_variance, kwargs: {mean: 0, std: 0, eps: 0}",
         "is not understood"),
    ],
)  # fmt: skip
def test_a_description_that_asks_for_too_much_is_refused(tmp_path, wanted, given, what):
    assert wanted in RDF_5
    refused(what, model=described(tmp_path / "model", RDF_5.replace(wanted, given)))


def test_aliases_that_stand_for_little_are_read(tmp_path):
    text = RDF_5.replace("name: little", "authors: &who [{name: A}]\nmaintainers: *who\nname: it")
    assert OnnxFile.open(described(tmp_path / "model", text)).declaration.name == "it"


def test_a_window_that_has_no_room_is_refused(tmp_path):
    text = RDF_5.replace("min: 56", "min: 65536")
    refused("a window of the network of 1 x 65536 x 65536 would take", tile=65536,
            model=described(tmp_path / "model", text))  # fmt: skip


def test_a_damaged_package_is_refused(tmp_path):
    path = described(tmp_path / "model", RDF_5)
    whole = tmp_path / "model.zip"
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(path, "rdf.yaml")
        archive.write(path.with_name("weights.onnx"), "weights.onnx")
    content = whole.read_bytes()
    for at in range(0, len(content), len(content) // 150):
        damaged = bytearray(content)
        damaged[at : at + 8] = bytes(8)
        (tmp_path / "damaged.zip").write_bytes(damaged)
        with suppress(GraticuleError):
            OnnxFile.open(tmp_path / "damaged.zip")
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("rdf.yaml", RDF_5)
        archive.writestr("weights.onnx", bytes(10**6))
    content = bytearray(whole.read_bytes())
    at = content.find(b"PK\x01\x02", content.find(b"PK\x01\x02") + 1) + 24
    content[at : at + 4] = (10**9).to_bytes(4, "little")
    whole.write_bytes(content)
    with pytest.raises(UnsafeFileError, match=r"weights.onnx claims to unpack to 1000000000 bytes"):
        OnnxFile.open(whole)


def test_a_link_out_of_the_folder_is_refused(tmp_path):
    path = described(tmp_path / "model")
    (tmp_path / "elsewhere.onnx").write_bytes(ABOUT["model"])
    (path.parent / "weights.onnx").unlink()
    (path.parent / "weights.onnx").symlink_to(tmp_path / "elsewhere.onnx")
    refused("leads out of its folder", model=path)


@pytest.mark.parametrize("place", ["initializer", "constant", "branch"])
def test_weights_in_other_files_are_refused(tmp_path, monkeypatch, place):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "secret").write_bytes(bytes(4))
    away = numpy_helper.from_array(np.zeros(1, np.float32), "away")
    away.ClearField("raw_data")
    away.data_location = TensorProto.EXTERNAL
    away.external_data.add(key="location", value="secret")
    taken, given = (
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 1, None, None])
        for name in ("image", "out")
    )
    node = helper.make_node("Add", ["image", "away"], ["out"])
    nodes, weights = [node], [away]
    if place != "initializer":
        constant = helper.make_node("Constant", [], ["away"], value=away)
        nodes, weights = [constant, node], []
    if place == "branch":
        value = helper.make_tensor_value_info("v", TensorProto.FLOAT, [1])
        inner_node = helper.make_node("Constant", [], ["v"], value=away)
        inner = helper.make_graph([inner_node], "inner", [], [value])
        chosen = helper.make_node("If", ["yes"], ["away"], then_branch=inner, else_branch=inner)
        nodes, weights = [chosen, node], [numpy_helper.from_array(np.array(True), "yes")]
    graph = helper.make_graph(nodes, "g", [taken], [given], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    path = tmp_path / "a.onnx"
    path.write_bytes(model.SerializeToString())
    error = refused("another file", model=path, axes="bcyx", halo=0)
    assert "secret" in str(error)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"axes": None}, "nothing tells what the axes"),
        ({"halo": None}, "nothing tells how many samples at the border"),
        ({"axes": "byx"}, "must name 4 axes"),
        ({"axes": "bcqx"}, "must be letters of b c z y x"),
        ({"axes": "bczx"}, "must have the dims z x"),
        ({"tile": 40}, "must be 52 or more"),
        ({"output": "scorse"}, None),
        ({"of": "3"}, "no output '3'"),
        ({"multiple": 3, "tile": 63}, "fails on a window"),
        ({"model": b"no onnx"}, "is no ONNX, or damaged"),
        ({"model": b""}, "no sound ONNX"),
        ({"model": "nowhere.onnx"}, "no such file"),
        ({"model": 3}, "must be the path"),
        ({"model": ABOUT["model"][:-40]}, "ONNX"),
    ],
)
def test_what_does_not_fit_is_named(change, what):
    params = {**ABOUT, **change}
    if what is None:  # of one output the name does not matter
        assert OP(IMAGE, **params).shape == (2, 132, 176)
        return
    refused(what, **params)


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_damaged_bytes_are_refused_or_are_a_network(data):
    content = bytearray(ABOUT["model"])
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    with suppress(GraticuleError):
        OP(IMAGE[:16, :16], **{**ABOUT, "model": bytes(content)})


def test_several_inputs_and_operators_that_nobody_knows_are_refused():
    kinds = [helper.make_tensor_value_info(n, TensorProto.FLOAT, [1, 1, None, None]) for n in "abc"]
    add = helper.make_node("Add", ["a", "b"], ["c"])
    graph = helper.make_graph([add], "g", kinds[:2], kinds[2:])
    opset = [helper.make_opsetid("", 17), helper.make_opsetid("mine", 1)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=8).SerializeToString()
    refused("takes 2 inputs", model=model, axes="bcyx", halo=0)
    strange = helper.make_node("Steal", ["a"], ["c"], domain="mine")
    graph = helper.make_graph([strange], "g", kinds[:1], kinds[2:])
    model = helper.make_model(graph, opset_imports=opset, ir_version=8).SerializeToString()
    refused("does not take", model=model, axes="bcyx", halo=0)
