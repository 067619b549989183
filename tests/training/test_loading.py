"""training.loading: images and labels of a document, from files and from simulation."""

import numpy as np
import pytest
import tifffile
from learning_scenes import write_pair

from graticule.cli import main
from graticule.core.errors import FormatError, PipelineError, RequestError
from graticule.learn.document.document import load
from graticule.training.loading import load_images

DOCUMENT = """
graticule: 1
methods:
  tree: {features: {sigmas: [1, 2]}, estimator: tree, max_samples: 3000}
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "training.yaml").write_text(DOCUMENT)
    write_pair(tmp_path, "a")
    return tmp_path


def test_images_and_labels_are_paired_by_name(folder):
    write_pair(folder, "b", seed=1)
    (folder / "labels" / "a.tif").rename(folder / "labels" / "a_mask.tif")
    write_pair(folder, "c", seed=2)
    (folder / "labels" / "c.tif").unlink()
    training = load(folder / "training.yaml")
    loaded = load_images(training, folder / "images", folder / "labels")
    assert loaded.data.names == ("a", "b")
    assert loaded.missing == ("c has no labels",)
    assert len(loaded.files) == 4


def test_extra_images_come_from_simulation_and_from_files(folder):
    write_pair(folder, "more", seed=3)
    (folder / "extra").mkdir()
    for kind in ("images", "labels"):
        (folder / "extra" / kind).mkdir()
        (folder / kind / "more.tif").rename(folder / "extra" / kind / "more.tif")
    (folder / "training.yaml").write_text(
        DOCUMENT.replace("max_samples: 3000", "max_samples: 3000, on: [real, made, more]")
        + "extra:\n  made: {simulate: nuclei, count: 2, parameters: {shape: [64, 64], count: 4}}\n"
        + "  more: {images: extra/images, labels: extra/labels}\n"
        + "  unused: {images: nowhere, labels: nowhere}\n"
    )
    loaded = load_images(load(folder / "training.yaml"), folder / "images", folder / "labels")
    assert loaded.extra["made"].names == ("nuclei_0000", "nuclei_0001")
    assert loaded.extra["more"].names == ("more",)
    assert set(loaded.extra) == {"made", "more"}


PAINTED = DOCUMENT + 'labels: classes\ninputs: {labels: {path: "own/labels/{path}.strokes.tif"}}\n'


def painted_folder(folder):
    write_pair(folder, "b", seed=1)
    write_pair(folder, "c", seed=2)
    drawn = folder / "own" / "labels" / "images"
    drawn.mkdir(parents=True)
    for name in ("a", "b", "c"):
        labels = tifffile.imread(folder / "labels" / f"{name}.tif").astype(np.uint8)
        labels = np.where(labels > 0, 2, 1).astype(np.uint8) * (name != "c")
        tifffile.imwrite(drawn / f"{name}.strokes.tif", labels)
    (folder / "training.yaml").write_text(PAINTED)
    return folder


def test_labels_are_where_the_document_says(folder):
    painted_folder(folder)
    loaded = load_images(load(folder / "training.yaml"), folder)
    assert loaded.data.names == ("images/a", "images/b")  # of c nothing is drawn
    assert loaded.missing == ()
    assert [each.name for each in loaded.data.classes] == ["1", "2"]


def test_commands_take_labels_from_the_document(folder, capsys):
    painted_folder(folder)
    document, model = str(folder / "training.yaml"), folder / "a.model"
    assert main(["train", document, str(folder), "-o", str(model), "--no-scores"]) == 0
    assert model.is_file()
    out = str(folder / "out")
    assert main(["evaluate", document, str(folder), "-o", out]) == 0
    (folder / "training.yaml").write_text(DOCUMENT)
    assert main(["train", document, str(folder), "-o", str(model)]) == 2
    assert "inputs.labels.path" in capsys.readouterr().err


@pytest.mark.parametrize(
    "path", ["labels.tif", "{nothing}.tif", "{path", "{stem}}.tif", "{path}/{stem}.tif", 3]
)
def test_a_path_of_labels_names_the_image(folder, path):
    (folder / "training.yaml").write_text(DOCUMENT + f"inputs: {{labels: {{path: '{path}'}}}}\n")
    with pytest.raises(PipelineError, match="must be a path with"):
        load(folder / "training.yaml")


def test_what_is_wrong_names_its_file(folder):
    training = load(folder / "training.yaml")
    with pytest.raises(FormatError, match="nowhere"):
        load_images(training, folder / "nowhere", folder / "labels")
    tifffile.imwrite(folder / "labels" / "a.tif", np.full((96, 120), 0.5, np.float32))
    with pytest.raises(RequestError, match=r"a\.tif.*fractions"):
        load_images(training, folder / "images", folder / "labels")
    tifffile.imwrite(folder / "labels" / "a.tif", np.zeros((96, 120), np.uint8))
    with pytest.raises(ValueError, match=r"labels.*none of them has|needed"):
        load_images(training, folder / "images", folder / "labels")


def test_images_and_labels_within_files(folder):
    import h5py

    values = {kind: tifffile.imread(folder / kind / "a.tif") for kind in ("images", "labels")}
    for kind in values:
        (folder / kind / "a.tif").unlink()
        with h5py.File(folder / kind / "a.h5", "w") as file:
            file["raw"], file["drawn"] = values["images"], values["labels"]
    names = "inputs: {image: {dataset: raw}, labels: {dataset: drawn}}\n"
    (folder / "training.yaml").write_text(DOCUMENT + names)
    loaded = load_images(load(folder / "training.yaml"), folder / "images", folder / "labels")
    np.testing.assert_array_equal(loaded.data.images[0].values, values["images"])
    np.testing.assert_array_equal(loaded.data.labels[0] != 0, values["labels"] != 0)


def test_colour_mixed_with_grey_names_both_and_the_way_out(folder):
    write_pair(folder, "b", seed=1)
    grey = tifffile.imread(folder / "images" / "b.tif").astype(np.uint8)
    colours = np.stack([grey, grey // 2, 255 - grey], axis=-1)
    tifffile.imwrite(folder / "images" / "b.tif", colours, photometric="rgb")
    training = load(folder / "training.yaml")
    with pytest.raises(RequestError) as caught:
        load_images(training, folder / "images", folder / "labels")
    said = str(caught.value)
    for file in ("a.tif", "b.tif"):
        assert str(folder / "images" / file) in said
    assert f"graticule run grey.yaml {folder / 'images'} -o grey" in said
    document = said.partition("grey.yaml with ")[2].partition(", call")[0]
    (folder / "grey.yaml").write_text(document)
    call = ["run", str(folder / "grey.yaml"), str(folder / "images"), "-o", str(folder / "grey")]
    assert main(call) == 0
    loaded = load_images(training, folder / "grey", folder / "labels")
    assert loaded.data.names == ("a", "b")
    assert {image.dims for image in loaded.data.images} == {("y", "x")}
