"""``graticule train`` and ``evaluate`` of networks: seen, broken off, gone on with, drawn."""

import numpy as np
import pytest
import tifffile
from scipy import ndimage

from graticule.cli import main
from graticule.learn.model_file import card_of, open_model

pytest.importorskip("torch")

DOCUMENT = """
graticule: 1
name: blobs
split: {by: blocks, folds: 2}
methods:
  network: &net
    unet: {base: 2, depth: 2, patch: 16, batch: 2}
    fit: {steps: 8, every: 2}
    validation: 0.2
  tuned: {<<: *net, fit: {steps: 2, init: first.model, freeze: encoder}}
"""
TRAIN = ["train", "cells.yaml", "a.tif", "--labels", "a_mask.tif", "--no-scores", "-o"]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cells.yaml").write_text(DOCUMENT)
    write("a", 0)
    return tmp_path


def write(name, seed):
    rng = np.random.default_rng(seed)
    truth = ndimage.gaussian_filter(rng.normal(size=(72, 80)), 3) > 0.03
    tifffile.imwrite(f"{name}.tif", (truth + rng.normal(size=truth.shape)).astype(np.float32))
    tifffile.imwrite(f"{name}_mask.tif", truth.astype(np.uint8) * 255)


def stopping(monkeypatch, step, error):
    from graticule.learn.unet.train import Trainer

    advance = Trainer._advance

    def broken(self, *given):
        if self.step == step:
            raise error
        return advance(self, *given)

    monkeypatch.setattr(Trainer, "_advance", broken)


def test_a_network_leaves_its_curves_and_its_course(folder, capsys):
    assert main([*TRAIN, "my cells é.model"]) == 0
    assert "8 of 8 steps" in capsys.readouterr().out
    assert "<svg" in (folder / "my cells é.curves.svg").read_text()
    assert sorted(path.name for path in folder.glob("my*")) == [
        "my cells é.curves.svg", "my cells é.model"]  # fmt: skip
    assert len(card_of("my cells é.model")["model"]["history"]["records"]) == 4
    assert main(["inspect", "my cells é.model"]) == 0
    said = capsys.readouterr().out
    assert "8 of 8 steps" in said
    assert "on validation" in said


def test_broken_off_it_goes_on_to_the_same_bytes(folder, capsys, monkeypatch):
    assert main([*TRAIN, "whole.model"]) == 0
    with monkeypatch.context() as patched:
        stopping(patched, 5, MemoryError("killed"))
        assert main([*TRAIN, "broken.model"]) != 0
    assert not (folder / "broken.model").exists()
    assert (folder / "broken.model.training").exists()
    assert main([*TRAIN, "broken.model"]) == 0
    assert "goes on" in capsys.readouterr().err
    assert (folder / "broken.model").read_bytes() == (folder / "whole.model").read_bytes()
    assert not (folder / "broken.model.training").exists()


def test_stopped_it_keeps_the_best_and_can_go_on(folder, capsys, monkeypatch):
    with monkeypatch.context() as patched:
        stopping(patched, 5, KeyboardInterrupt())
        assert main([*TRAIN, "a.model"]) == 130
    assert "goes on from step 4" in capsys.readouterr().err
    assert open_model("a.model").history.stopped == "interrupted"
    assert main([*TRAIN, "a.model"]) == 0
    assert open_model("a.model").history.stopped == "finished"


def test_a_training_is_shown_while_it_runs(folder, monkeypatch):
    import io

    import rich.console

    page = io.StringIO()
    real = rich.console.Console
    monkeypatch.setattr(
        rich.console, "Console", lambda **_: real(file=page, width=120, force_terminal=True)
    )
    assert main([*TRAIN, "a.model"]) == 0
    said = page.getvalue()
    for word in ("validation", "dice", "precision", "recall", "8/8"):
        assert word in said


def test_the_page_has_the_curves_of_every_fold(folder):
    status = main(["evaluate", "cells.yaml", "a.tif", "--labels", "a_mask.tif", "-o", "out",
                   "--only", "network"])  # fmt: skip
    assert status == 2  # first.model is not there yet
    assert main([*TRAIN, "first.model"]) == 0
    (folder / "cells.yaml").write_text(DOCUMENT.partition("  tuned")[0])
    assert main(["evaluate", "cells.yaml", "a.tif", "--labels", "a_mask.tif", "-o", "out"]) == 0
    page = (folder / "out" / "evaluation.html").read_text()
    assert "How the networks were trained" in page
    for fold in ("network, blocks 1 of 2", "network, blocks 2 of 2"):
        assert fold in page


def test_transfer_from_a_document_starts_from_the_weights(folder, capsys):
    write("b", 1)
    assert main([*TRAIN, "first.model"]) == 0
    given = ["b.tif", "--labels", "b_mask.tif"]
    assert main(["train", "cells.yaml", *given, "--no-scores", "--method", "tuned", "-o",
                 "tuned.model"]) == 0  # fmt: skip
    first, tuned = (open_model(name).state().weights for name in ("first.model", "tuned.model"))
    same = [name for name in first if np.array_equal(first[name], tuned[name])]
    assert any(name.startswith("down.") for name in same)
    assert len(same) < len(first)
    # what the first was trained on must not judge the second
    status = main(["evaluate", "cells.yaml", "a.tif", "--labels", "a_mask.tif", "-o", "out"])
    said = capsys.readouterr().err
    assert status == 2, said
    assert "first.model" in said
    assert "a.tif" in said


def test_a_method_that_starts_from_another_is_trained_after_it(folder):
    text = DOCUMENT.replace("init: first.model, freeze: encoder", "init: network")
    (folder / "cells.yaml").write_text(text)
    assert main([*TRAIN, "tuned.model", "--method", "tuned"]) == 0
    assert main([*TRAIN, "network.model"]) == 0
    tuned, network = (open_model(folder / f"{name}.model") for name in ("tuned", "network"))
    assert (tuned.history.steps, network.history.steps) == (2, 8)
    before, after = (model.state().weights for model in (network, tuned))
    moved = [float(np.abs(before[name] - after[name]).max()) for name in before]
    assert 0 < max(moved) < 0.5
