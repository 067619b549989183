"""Studies of colour and grey images: named, and brought to one grey, also by the model."""

import shutil

import numpy as np
import pytest
import tifffile
import xarray as xr
from learning_scenes import write_pair

import graticule as gt
from graticule.cli import main
from graticule.core import ALL, as_image
from graticule.core.errors import PipelineError, RequestError
from graticule.core.memory import process_bytes
from graticule.learn import open_model
from graticule.learn.data.input_spec import InputSpec, as_grey
from graticule.learn.document.document import load, parse
from graticule.training.loading import load_images

TREE = "tree: {features: {sigmas: [1, 2]}, estimator: tree, max_samples: 2000}"
GREY = f"graticule: 1\ninputs: {{image: {{channels: grey}}}}\nlabels: mask\nmethods:\n  {TREE}\n"


@pytest.fixture
def folder(tmp_path):
    for number, name in enumerate("abcdefg"):
        write_pair(tmp_path, name, seed=number)
    for name in "bcdefg":
        file = tmp_path / "images" / f"{name}.tif"
        values = tifffile.imread(file)
        values = (30 * (values - values.min())).clip(0, 255).astype(np.uint8)
        if name == "c":
            values = np.stack([values, values // 2, 255 - values], axis=-1)
        tifffile.imwrite(file, values, photometric="rgb" if name == "c" else None)
    (tmp_path / "training.yaml").write_text(GREY)
    return tmp_path


def test_the_error_names_which_images_are_which_and_the_key(folder):
    (folder / "training.yaml").write_text(GREY.replace("channels: grey", ""))
    with pytest.raises(RequestError) as caught:
        load_images(load(folder / "training.yaml"), folder / "images", folder / "labels")
    said = str(caught.value)
    assert f"y x with 3 channels: {folder / 'images' / 'c.tif'}" in said
    assert f"y x: {folder / 'images' / 'a.tif'}, " in said
    assert "d.tif" in said
    assert "and 2 more" in said
    assert "inputs: {image: {channels: grey}}" in said


def test_images_are_brought_to_grey_as_the_op_does(folder):
    loaded = load_images(load(folder / "training.yaml"), folder / "images", folder / "labels")
    for image, name in zip(loaded.data.images, loaded.data.names, strict=True):
        expected = gt.transform.grey(gt.io.read(folder / "images" / f"{name}.tif"))
        np.testing.assert_array_equal(image.values, expected.values)
        assert image.dims == ("y", "x")


def test_the_model_does_the_same_when_it_is_applied(folder, monkeypatch, capsys):
    monkeypatch.chdir(folder)
    assert main(["train", "training.yaml", "images", "--labels", "labels", "-o", "m.model"]) == 0
    said = capsys.readouterr().out
    assert "in a pipeline: {op: learn.classify" in said
    model = open_model(folder / "m.model")
    assert model.expects.grey
    colour = gt.io.read(folder / "images" / "c.tif").compute()
    whole = gt.learn.classify(colour, model=model)
    by_hand = gt.learn.classify(gt.transform.grey(colour), model=model)
    assert set(np.unique(whole)) == {0, 1}
    xr.testing.assert_equal(whole, by_hand)
    lazy = model.predict(colour.chunk({"y": 13, "x": 31, "c": 2}))
    xr.testing.assert_equal(lazy, whole)
    assert model.halo(colour)["c"] == ALL
    assert model.halo(gt.transform.grey(colour)) == {
        dim: reach for dim, reach in model.halo(colour).items() if dim != "c"
    }
    np.testing.assert_array_equal(model.view(colour).image, gt.transform.grey(colour))
    assert main(["inspect", "m.model"]) == 0
    assert "colours brought to one grey" in capsys.readouterr().out


def test_a_pipeline_in_tiles_gives_the_same(folder, monkeypatch):
    monkeypatch.chdir(folder)
    call = ["train", "training.yaml", "images", "--labels", "labels", "-o", "m.model"]
    assert main([*call, "--no-scores"]) == 0
    (folder / "apply.yaml").write_text(
        "{graticule: 1, name: apply, steps: {found: {op: learn.classify, model: m.model}}, "
        "outputs: [found]}"
    )
    shutil.copytree("images", "some")
    memory = f"{process_bytes() // 10**6 + 400}MB"
    assert main(["run", "apply.yaml", "some", "-o", "out", "--memory", memory]) == 0
    model = open_model(folder / "m.model")
    from graticule.pipeline.folder import result_files

    for name, file in result_files(folder / "out").items():
        image = gt.io.read(folder / "some" / f"{name}.tif")
        np.testing.assert_array_equal(gt.io.read(file).values, model.predict(image.compute()))


def test_a_network_takes_colours_too(folder):
    pytest.importorskip("torch")
    from graticule.learn.unet import UNet

    loaded = load_images(load(folder / "training.yaml"), folder / "images", folder / "labels")
    network = UNet(base=4, depth=1, patch=32, batch=2, labels="mask")
    network.fit(loaded.data.images, loaded.data.labels, steps=2)
    network.take_colours()
    colour = gt.io.read(folder / "images" / "c.tif").compute()
    xr.testing.assert_equal(network.predict(colour), network.predict(gt.transform.grey(colour)))
    assert network.halo(colour)["c"] == ALL
    assert UNet.from_state(network.state()).expects.grey


def test_lazy_grey_is_that_of_the_op():
    values = np.random.default_rng(0).integers(0, 60000, (9, 11, 4)).astype(np.uint16)
    image = as_image(values, dims=["y", "x", "c"])
    xr.testing.assert_identical(
        as_grey(image.chunk({"y": 4, "c": 1})).compute(), gt.transform.grey(image)
    )


def test_models_without_it_are_written_as_before():
    expects = InputSpec(("y", "x"))
    assert "grey" not in expects.to_json()
    assert InputSpec.from_json(expects.to_json()) == expects
    grey = InputSpec(("y", "x"), grey=True)
    assert InputSpec.from_json(grey.to_json()) == grey


def test_spectra_are_no_colours(folder):
    file = folder / "images" / "c.tif"
    values = np.zeros((5, *tifffile.imread(file).shape[:2]), np.uint8)
    tifffile.imwrite(file, values, metadata={"axes": "CYX"}, photometric="minisblack")
    with pytest.raises(RequestError, match="has 5 channels, which are no colours"):
        load_images(load(folder / "training.yaml"), folder / "images", folder / "labels")


def test_another_word_is_a_fault():
    with pytest.raises(PipelineError, match=r"inputs\.image\.channels: must be as read or grey"):
        parse(GREY.replace("channels: grey", "channels: blue"))
