"""``graticule evaluate``: results against their truth, from files, folders and runs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import skimage
import tifffile
from PIL import Image
from scipy import ndimage
from skimage.io import imread
from sklearn.metrics import f1_score, roc_auc_score

from graticule.cli import main
from graticule.cli.console import print_table

COINS = Path(skimage.__file__).parent / "data" / "coins.png"


def blobs(seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    field = ndimage.gaussian_filter(rng.normal(size=(96, 128)), 3)
    fault = ndimage.gaussian_filter(rng.normal(size=(96, 128)), 3)
    return field > field.std(), ((field + 0.4 * fault) / field.std()).astype(np.float32)


def picture(path: Path, mask: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.uint8(255) * mask).save(path)


@pytest.fixture
def study(tmp_path: Path) -> Path:
    for number in range(3):
        truth, scores = blobs(number)
        picture(tmp_path / "truth" / f"cell{number}_mask.png", truth)
        picture(tmp_path / "masks" / f"cell{number}.png", scores > 1)
        for name, image in (
            ("objects", ndimage.label(truth)[0].astype(np.uint16)),
            ("labels", ndimage.label(scores > 1)[0].astype(np.int32)),
            ("scores", scores),
        ):
            (tmp_path / name).mkdir(exist_ok=True)
            tifffile.imwrite(tmp_path / name / f"cell{number}.tif", image)
    return tmp_path


@pytest.mark.parametrize(
    ("result", "truth", "column"),
    [("masks", "truth", "dice"), ("labels", "objects", "ap_0.5"), ("scores", "truth", "auc")],
)
def test_folders_are_matched_by_name_and_the_kind_is_seen(
    study: Path, result: str, truth: str, column: str, capsys: pytest.CaptureFixture[str]
) -> None:
    out = study / "out"
    assert (
        main(["evaluate", str(study / result), "--truth", str(study / truth), "-o", str(out)]) == 0
    )
    rows = pd.read_csv(out / "evaluation.csv")
    assert rows["image"].tolist() == ["cell0", "cell1", "cell2"]
    assert (rows[column] > 0.2).all()
    summary = pd.read_csv(out / "summary.csv").set_index("measure")
    assert summary.loc[column, "mean"] == pytest.approx(rows[column].mean())
    assert summary.loc[column, "low"] < summary.loc[column, "high"]
    html = (out / "evaluation.html").read_text()
    assert html.count("<figure>") == 3
    assert 'src="http' not in html
    assert "in the mean over 3 images" in capsys.readouterr().out


def test_one_pair_of_files_has_an_interval_over_blocks(
    study: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = [
        str(study / name / f) for name, f in (("masks", "cell0.png"), ("truth", "cell1_mask.png"))
    ]
    assert main(["evaluate", files[0], "--truth", files[1], "-o", str(study / "out")]) == 0
    said = capsys.readouterr().out
    assert "by resampling" in said
    assert "blocks of the image" in said


def test_a_run_folder_is_judged_by_its_arrays(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    assert main(["run", "coins", str(COINS), "-o", str(run)]) == 0
    bright = ndimage.label(ndimage.binary_opening(imread(COINS) > 110, iterations=3))[0]
    tifffile.imwrite(tmp_path / "truth.tif", bright.astype(np.uint16))
    (tmp_path / "truths").mkdir()
    tifffile.imwrite(tmp_path / "truths" / "coins.tif", bright.astype(np.uint16))
    out = str(tmp_path / "out")
    assert main(["evaluate", str(run), "--truth", str(tmp_path / "truths"), "-o", out]) == 0
    assert pd.read_csv(tmp_path / "out" / "evaluation.csv")["objects_found"].tolist() == [24]
    wrong = ["evaluate", str(run), "--truth", str(tmp_path / "truths"), "-o", out, "--of", "kepd"]
    assert main(wrong) == 2
    assert "did you mean kept" in capsys.readouterr().err


def test_what_has_no_partner_is_named_and_exits_1(
    study: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (study / "masks" / "cell0.png").rename(study / "masks" / "other.png")
    arguments = ["evaluate", str(study / "masks"), "--truth", str(study / "truth")]
    assert main([*arguments, "-o", str(study / "out")]) == 1
    said = capsys.readouterr().err
    assert "other has no truth" in said
    assert "cell0_mask is a truth without a result" in said
    assert "other has no truth" in (study / "out" / "evaluation.html").read_text()


def test_a_truth_of_another_size_is_named_with_both_sizes(
    study: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    picture(study / "truth" / "cell1_mask.png", blobs(1)[0][:50])
    arguments = ["evaluate", str(study / "masks"), "--truth", str(study / "truth")]
    assert main([*arguments, "-o", str(study / "out")]) == 1
    said = capsys.readouterr()
    assert "failed: cell1: " in said.err
    assert "cell1_mask.png: the truth is 50 x 128, the result 96 x 128" in said.err
    assert "in the mean over 2 images" in said.out
    one = ["evaluate", str(study / "masks" / "cell1.png")]
    one += ["--truth", str(study / "truth" / "cell1_mask.png"), "-o", str(study / "two")]
    assert main(one) == 2


def test_labels_against_a_mask_need_a_word(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["evaluate", str(study / "labels"), "--truth", str(study / "truth")]
    arguments += ["-o", str(study / "out")]
    assert main(arguments) == 2
    assert "--kind mask" in capsys.readouterr().err
    assert main([*arguments, "--kind", "mask"]) == 0
    by_mask = pd.read_csv(study / "out" / "evaluation.csv")["dice"]
    assert main(["evaluate", str(study / "masks"), *arguments[2:]]) == 0
    assert pd.read_csv(study / "out" / "evaluation.csv")["dice"].equals(by_mask)


def test_wrong_requests_are_said(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    colour = study / "colour.png"
    Image.fromarray(
        np.arange(96 * 128 * 3, dtype=np.uint32).astype(np.uint8).reshape(96, 128, 3)
    ).save(colour)
    truth = str(study / "truth" / "cell0_mask.png")
    for arguments, words in [
        ([str(study / "none")], "no such file"),
        ([str(colour)], "has channels"),
        ([str(study / "masks" / "cell0.png"), "--confidence", "1"], "between 0 and 1"),
    ]:
        assert main(["evaluate", *arguments, "--truth", truth, "-o", str(study / "out")]) == 2
        assert words in capsys.readouterr().err
    (study / "far").mkdir()
    picture(study / "far" / "a.png", blobs(0)[0])
    picture(study / "far" / "a_mask.png", blobs(0)[0])
    assert main(["evaluate", str(study / "far"), "--truth", str(study / "truth")]) == 2
    assert "of the same image" in capsys.readouterr().err
    (study / "far" / "a_mask.png").unlink()
    assert main(["evaluate", str(study / "far"), "--truth", str(study / "truth")]) == 2
    assert "no result has a truth" in capsys.readouterr().err


def test_a_fault_of_the_result_is_not_laid_on_the_truth(
    study: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scores = np.random.default_rng(0).random((96, 128))
    scores[0, 0] = np.inf
    np.save(study / "scores.npy", scores)
    truth = str(study / "truth" / "cell0_mask.png")
    assert main(["evaluate", str(study / "scores.npy"), "--truth", truth]) == 2
    assert "scores.npy against" in capsys.readouterr().err


def test_an_empty_truth_is_said(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture(study / "void.png", np.zeros((96, 128), bool))
    one = ["evaluate", str(study / "masks" / "cell0.png"), "--truth", str(study / "void.png")]
    assert main([*one, "-o", str(study / "out")]) == 0
    assert "The truth is empty" in capsys.readouterr().out
    picture(study / "truth" / "cell1_mask.png", np.zeros((96, 128), bool))
    arguments = ["evaluate", str(study / "masks"), "--truth", str(study / "truth")]
    main([*arguments, "-o", str(study / "out")])
    assert "The truth of 1 of 3 images, as of cell1, is empty" in capsys.readouterr().out


def test_empty_masks_are_judged_by_the_rules(study: Path) -> None:
    nothing = np.zeros((96, 128), bool)
    picture(study / "none" / "a.png", nothing)
    picture(study / "void" / "a.png", nothing)
    out = study / "out"
    assert (
        main(["evaluate", str(study / "none"), "--truth", str(study / "void"), "-o", str(out)]) == 0
    )
    row = pd.read_csv(out / "evaluation.csv").iloc[0]
    assert row["dice"] == row["precision"] == 1
    assert row["hd95"] == 0


def test_the_table_of_some_images_names_its_lines(
    study: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", str(study / "masks"), "--truth", str(study / "truth"),
                 "-o", str(study / "out")]) == 0  # fmt: skip
    said = capsys.readouterr().out
    assert "precision" in said
    assert "average_distance [px]" in said
    assert "accuracy_warning" not in said
    summary = pd.read_csv(study / "out" / "summary.csv").set_index("measure")
    assert summary.loc["average_distance", "unit"] == "px"


@pytest.mark.parametrize("width", [12, 60])
def test_a_table_on_its_side_shows_the_rows_that_fit(
    width: int, capsys: pytest.CaptureFixture[str]
) -> None:
    columns = {f"measure {n}": [0.5, 0.25, 0.125] for n in range(20)}
    frame = pd.DataFrame({"image": [letter * width for letter in "abc"], **columns})
    print_table(frame)
    said = capsys.readouterr().out
    assert "measure 19" in said
    assert "a" * width in said
    assert ("c" * width in said.split("not shown")[0]) == (width == 12)
    assert ("not shown: rows" in said) == (width == 60)


def test_roi_ignore_label_and_nan_are_left_out_and_counted(
    study: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (study / "void").mkdir()
    for number in range(3):
        truth, scores = blobs(number)
        known = np.where(truth, 1, 0).astype(np.uint8)
        known[:10] = 255
        Image.fromarray(known).save(study / "void" / f"cell{number}.png")
        scores[20:22, :5] = np.nan
        tifffile.imwrite(study / "scores" / f"cell{number}.tif", scores)
        region = np.zeros(truth.shape, bool)
        region[:, : 100 + number] = True
        picture(study / "roi" / f"cell{number}.png", region)
    call = ["evaluate", str(study / "scores"), "--truth", str(study / "void")]
    call += ["--ignore-label", "255", "-o", str(study / "out")]
    assert main([*call, "--roi", str(study / "roi")]) == 0
    outside = 96 * (28 + 27 + 26)
    ignored, nan = 10 * (100 + 101 + 102), 30
    said = (
        f"{outside + ignored + nan:,} samples left out: {outside:,} outside the region of "
        f"interest, {ignored:,} with the ignore label 255 in the truth, {nan} without a "
        "value (NaN)."
    )
    assert said in " ".join(capsys.readouterr().out.split())
    assert said in (study / "out" / "evaluation.html").read_text()
    rows = pd.read_csv(study / "out" / "evaluation.csv")
    assert rows["outside_roi"].tolist() == [96 * 28, 96 * 27, 96 * 26]
    assert rows["nan"].tolist() == [10, 10, 10]
    truth, scores = blobs(0)
    inside = np.zeros(truth.shape, bool)
    inside[10:, :100] = True
    inside[20:22, :5] = False
    assert rows["auc"][0] == pytest.approx(roc_auc_score(truth[inside], scores[inside]))
    one = str(study / "roi" / "cell0.png")
    assert main([*call, "--roi", one]) == 0
    (study / "roi" / "cell1.png").unlink()
    assert main([*call, "--roi", str(study / "roi")]) == 1
    assert "cell1.tif" in (error := capsys.readouterr().err)
    assert "has no region of interest in" in error


def test_a_field_of_view_is_a_region_of_interest(data_dir: Path, tmp_path: Path) -> None:
    """Real retinas: vessels as dark lines, judged within the field of view alone."""
    files = sorted((data_dir / "retina_vessels").rglob("*_training.tif"))[:2]
    expected = []
    for file in files:
        number = file.name[:2]
        root = data_dir / "retina_vessels"
        truth = imread(next(root.rglob(f"{number}_manual1*"))).squeeze() > 0
        view = imread(next(root.rglob(f"{number}_training_mask*"))).squeeze() > 0
        green = imread(file)[..., 1].astype(float)
        found = ndimage.gaussian_filter(green, 8) - ndimage.gaussian_filter(green, 1) > 6
        for name, mask in (("found", found), ("truth", truth), ("view", view)):
            picture(tmp_path / name / f"{number}.png", mask)
        expected.append(f1_score(truth[view], found[view]))
        assert expected[-1] != f1_score(truth.ravel(), found.ravel())
    call = ["evaluate", str(tmp_path / "found"), "--truth", str(tmp_path / "truth")]
    assert main([*call, "--roi", str(tmp_path / "view"), "-o", str(tmp_path / "out")]) == 0
    np.testing.assert_allclose(pd.read_csv(tmp_path / "out" / "evaluation.csv")["dice"], expected)
