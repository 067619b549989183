"""task: images, as docs/training.md shows it; and the keys of both tasks of items."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import graticule as gt
from graticule.cli import main
from graticule.core.errors import PipelineError
from graticule.learn.document.document import parse
from graticule.learn.methods.items import ITEM_KINDS

TEXT = (Path(__file__).parents[2] / "docs" / "training.md").read_text(encoding="utf-8")
DIGITS, GRADES = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)[1:3]


def section(task):
    return re.split(r"\n## ", TEXT.split(f"`task: {task}`\n")[1])[0]


def said_by(capsys):
    read = capsys.readouterr()
    return read.out + read.err


@pytest.fixture
def digits(tmp_path, monkeypatch):
    """120 handwritten digits in folders of their names, and the document of the page."""
    from sklearn.datasets import load_digits

    given = load_digits()
    for number in range(120):
        folder = tmp_path / "digits" / str(given.target[number])
        folder.mkdir(parents=True, exist_ok=True)
        values = (given.images[number] * 15).astype(np.uint8)
        Image.fromarray(values).save(folder / f"{number}.png")
    (tmp_path / "digits.yaml").write_text(DIGITS)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def grades(tmp_path, monkeypatch):
    """Twelve images of six patients, whose noise is stronger in one grade, and their sheet."""
    rng = np.random.default_rng(0)
    (tmp_path / "images").mkdir()
    rows = ["image,patient,grade,age [d]"]
    for number in range(12):
        patient, grade = f"p{number // 2}", ("low", "high")[number % 2]
        values = rng.normal(100, 5 if grade == "low" else 25, (40 + number, 48)).clip(0, 255)
        Image.fromarray(values.astype(np.uint8)).save(tmp_path / "images" / f"i{number}.png")
        rows.append(f"i{number},{patient},{grade},{10 + 3 * (number % 2)}.5")
    (tmp_path / "sheet.csv").write_text("\n".join(rows) + "\n")
    (tmp_path / "grades.yaml").write_text(GRADES)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_digits_in_folders_are_told_apart(digits, capsys):
    assert main(["evaluate", "digits.yaml", "digits", "-o", "out"]) == 0
    said = said_by(capsys)
    assert "120 images of the classes 0 (" in said
    assert "Whole images are held out, in 5 folds" in said
    scores = pd.read_csv("out/methods.csv").set_index("method")
    assert scores.loc["values", "dice"] > 0.85
    assert scores.loc["values", "dice"] > scores.loc["values", "dice_low"] > 0.7
    answers = pd.read_csv("out/answers.csv")
    values = answers[answers["method"] == "values"]
    assert sorted(values["image"]) == sorted(
        f"{file.parent.name}/{file.stem}" for file in Path("digits").glob("*/*.png")
    )
    assert (values["image"].str[0].astype(int) == values["truth"]).all()
    recalls = [(g["answer"] == t).mean() for t, g in values.groupby("truth")]
    assert scores.loc["values", "recall"] == pytest.approx(np.mean(recalls))
    page = Path("out/evaluation.html").read_text(encoding="utf-8")
    assert "Held-out images only" in page
    assert "features and estimator, of whole images" in page


def test_the_model_of_images_is_a_step(digits, capsys):
    assert main(["train", "digits.yaml", "digits", "-o", "digits.model"]) == 0
    assert "{op: learn.classify_image, model: digits.model}" in said_by(capsys)
    (digits / "apply.yaml").write_text(
        "{graticule: 1, name: apply, steps: {told: {op: learn.classify_image, "
        "model: digits.model}}, outputs: [told]}"
    )
    assert main(["run", "apply.yaml", "digits/3", "-o", "applied"]) == 0
    table = pd.read_csv("applied/images.csv")
    assert (table["class"] == 3).all()
    assert table["class_probability"].between(0.3, 1).all()
    assert main(["inspect", "digits.model"]) == 0
    assert "dice" in said_by(capsys)


def test_groups_of_a_sheet_are_held_out_together(grades, capsys):
    call = ["evaluate", "grades.yaml", "images", "--labels", "sheet.csv", "-o", "out"]
    assert main(call) == 0
    said = said_by(capsys)
    assert "Whole groups of patient are held out, in 4 folds" in said
    assert "12 images of the classes high (6), low (6)" in said
    answers = pd.read_csv("out/answers.csv")
    number = answers["image"].str[1:].astype(int)
    assert (answers.groupby(number // 2)["fold"].nunique() == 1).all()
    assert (answers["truth"] == answers["answer"]).all()
    assert main(["train", *call[1:4], "sheet.csv", "-o", "grades.model", "--no-scores"]) == 0
    colour = np.stack([np.array(Image.open("images/i1.png"))] * 3, axis=-1)
    image = gt.core.as_image(colour, dims=["y", "x", "c"])
    found = gt.learn.classify_image(image, model="grades.model")
    assert found["class"].item() == "high"


def test_values_of_images_are_learned(grades, capsys):
    text = GRADES.replace("target: grade", "target: age\npredict: values")
    (grades / "ages.yaml").write_text(text)
    call = ["ages.yaml", "images", "--labels", "sheet.csv"]
    assert main(["evaluate", *call, "-o", "out"]) == 0
    scores = pd.read_csv("out/methods.csv")
    assert scores["r2"].item() > 0.8
    assert main(["train", *call, "-o", "ages.model"]) == 0
    assert "learn.regress_image" in said_by(capsys)
    image = gt.io.read("images/i3.png")
    assert gt.learn.regress_image(image, model="ages.model")["value"].item() > 12


def test_features_are_computed_once_and_are_those_of_the_model(grades):
    from graticule.learn import Features, ImageClassifier

    images = [gt.io.read(f"images/i{n}.png").compute() for n in range(6)]
    model = ImageClassifier(Features(sigmas=(1, 2)), "tree")
    views = [model.view(image) for image in images]
    by_views = ImageClassifier(Features(sigmas=(1, 2)), "tree").fit(views, [0, 1] * 3)
    by_images = ImageClassifier(Features(sigmas=(1, 2)), "tree").fit(images, [0, 1] * 3)
    for one, other in ((views, images), (images, views)):
        np.testing.assert_array_equal(by_views.predict_proba(one), by_images.predict_proba(other))


BAD_IMAGES = {
    "loose": ("digits.yaml", ["digits/3"], "in no folder that names the class"),
    "no sheet": ("grade.yaml", ["digits"], "the target grade is the column of a sheet"),
    "no column": ("grade.yaml", ["digits", "--labels", "s.csv"], "no column 'grade'"),
    "no image column": ("grade.yaml", ["digits", "--labels", "n.csv"], "no column image"),
    "one class": ("digits.yaml", ["one"], "there is one class only, 3"),
    "rare": ("digits.yaml", ["rare"], "the class 4 is in one of the images only"),
    "sizes": ("digits.yaml", ["sizes"], "4/big has 9 x 9 samples, and 3/a 8 x 8"),
    "copies": ("digits.yaml", ["copies"], "is equal to"),
    "no images": ("digits.yaml", ["empty"], "holds an image"),
    "no groups": ("groups.yaml", ["digits"], "groups: patient is the column of a sheet"),
}


@pytest.mark.parametrize("name", BAD_IMAGES)
def test_bad_input_of_images_is_named_before_anything_is_computed(
    name, tmp_path, monkeypatch, capsys
):
    rng = np.random.default_rng(0)

    def put(place, side=8, values=None):
        file = tmp_path / f"{place}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        drawn = rng.integers(0, 255, (side, side)).astype(np.uint8) if values is None else values
        Image.fromarray(drawn).save(file)
        return drawn

    for place in ("digits/3/a", "digits/3/b", "digits/4/c", "digits/4/d", "one/3/a", "one/3/b"):
        put(place)
    for place in ("rare/3/a", "rare/3/b", "rare/4/c", "sizes/3/a", "sizes/3/b", "sizes/4/d"):
        put(place)
    put("sizes/4/big", side=9)
    for place in ("copies/3/b", "copies/4/c"):
        put(place)
    same = put("copies/3/a")
    put("copies/4/d", values=same)
    (tmp_path / "empty" / "3").mkdir(parents=True)
    (tmp_path / "s.csv").write_text("image,dose\n3/a,1\n")
    (tmp_path / "n.csv").write_text("file,grade\n3/a,1\n")
    (tmp_path / "digits.yaml").write_text(DIGITS)
    (tmp_path / "grade.yaml").write_text(DIGITS.replace("target: folder", "target: grade"))
    (tmp_path / "groups.yaml").write_text(DIGITS + "groups: patient\n")
    monkeypatch.chdir(tmp_path)

    def never(*_):
        raise AssertionError("something was computed")

    monkeypatch.setattr("graticule.learn.methods.items.ImagesMethod.fit_model", never)
    document, given, words = BAD_IMAGES[name]
    for call in (["evaluate", document, *given, "-o", "out"],
                 ["train", document, *given, "-o", "m.model"]):  # fmt: skip
        assert main(call) == 2
        assert words in said_by(capsys)
    assert not Path("m.model").exists()


def test_rows_without_a_partner_are_named_and_counted(grades, capsys):
    sheet = Path("sheet.csv")
    rows = sheet.read_text().splitlines()
    sheet.write_text("\n".join([*rows[:-1], "gone,p5,low,9", ""]))
    call = ["train", "grades.yaml", "images", "--labels", "sheet.csv", "-o", "g.model"]
    assert main(call) == 1
    said = said_by(capsys)
    assert "i11: no row in sheet.csv" in said
    assert "image=gone: a row without an image" in said


FAULTS = {
    "target: x\ntask: pixels": "target: goes with task: images or objects only",
    "task: images\ntarget: x\nlabels: mask": "labels: goes with task: pixels only",
    "task: images\ntarget: x\nsplit: {by: blocks}": "split.by: must be auto, image or group",
    "task: objects\ntarget: x\nsplit: {naive: samples}": "split.naive: goes with task: pixels",
    "task: objects\ntarget: x\npredict: values": "predict: must be classes",
    "task: images\ntarget: x\ngroups: p\nsplit: {by: image}": "groups: is the column to split by",
    "task: objects\ntarget: x\ninputs: {image: {dims: [y, x]}}": "inputs: goes with",
}


@pytest.mark.parametrize("text", FAULTS)
def test_keys_of_another_task_are_faults(text):
    with pytest.raises(PipelineError, match="1 fault") as caught:
        parse(f"graticule: 1\nmethods: {{a: {{estimator: tree}}}}\n{text}")
    assert FAULTS[text] in str(caught.value)


def test_weights_of_classes_are_refused():
    with pytest.raises(PipelineError, match="class_weight"):
        parse("{graticule: 1, task: images, target: x, "
              "methods: {a: {estimator: {name: forest, class_weight: {1: 2}}}}}")  # fmt: skip


@pytest.mark.parametrize("task", ITEM_KINDS)
def test_every_key_of_a_method_is_described(task):
    keys = set(re.findall(r"^\| `(\w+)` \|", section(task), re.MULTILINE))
    assert keys == set(ITEM_KINDS[task].spec.model_fields) - {"on", "description"}


def test_the_table_of_images_of_a_run_may_be_the_sheet(digits, capsys):
    (digits / "flat").mkdir()
    for file in Path("digits").glob("[39]/*.png"):
        file.rename(digits / "flat" / file.name)
    (digits / "run").mkdir()
    names = sorted(file.stem for file in Path("flat").glob("*.png"))
    from sklearn.datasets import load_digits

    target = load_digits().target
    rows = [f"{name},{target[int(name)]}" for name in names]
    Path("run/images.csv").write_text("image,digit\n" + "\n".join(rows) + "\n")
    text = DIGITS.replace("target: folder", "target: digit\nclasses: {3: three, 9: nine}")
    Path("two.yaml").write_text(text)
    assert main(["evaluate", "two.yaml", "flat", "--labels", "run", "-o", "out"]) == 0
    said = said_by(capsys)
    assert "of the classes three (" in said
    answers = pd.read_csv("out/answers.csv")
    values = answers[answers["method"] == "values"]
    page = Path("out/evaluation.html").read_text(encoding="utf-8")
    assert "Which class is taken for which" in page
    assert (values["truth"] == values["answer"]).mean() > 0.9
    assert main(["check", "two.yaml"]) == 0
    assert "target digit (3 three, 9 nine): classes of images" in said_by(capsys)
    Path("two.yaml").write_text(text.replace("9: nine", "8: eight"))
    assert main(["evaluate", "two.yaml", "flat", "--labels", "run", "-o", "out"]) == 2
    assert "classes names 8 (eight), which the column digit does not hold" in said_by(capsys)
    Path("run/images.csv").write_text("image,digit\nother,3\n")
    assert main(["evaluate", "two.yaml", "flat", "--labels", "run", "-o", "out"]) == 2
    assert "images are named by their path from the folder, as " in said_by(capsys)


def test_images_that_do_not_fit_into_memory_give_the_same(grades, monkeypatch):
    call = ["evaluate", "grades.yaml", "images", "--labels", "sheet.csv", "-o"]
    train = ["train", *call[1:5], "--no-scores", "-o"]
    assert main([*call, "in_memory"]) == 0
    assert main([*train, "in_memory.model"]) == 0
    monkeypatch.setattr("graticule.training.loading._MOST_BYTES", 0)
    assert main([*call, "lazy"]) == 0
    for name in ("answers.csv", "folds.csv"):
        assert Path("in_memory", name).read_text() == Path("lazy", name).read_text()
    assert main([*train, "lazy.model"]) == 0
    assert Path("lazy.model").read_bytes() == Path("in_memory.model").read_bytes()
