"""Training: the same bytes for the same seed, broken off or not, and nothing learned unasked."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from graticule.core.errors import (
    CheckError,
    ImageError,
    ParameterError,
    RequestError,
    StoreError,
)
from graticule.learn.splits.fold import Masks, everywhere
from graticule.learn.unet import History, TrainingStep, UNet, Validation

pytest.importorskip("torch")

Maker = Callable[..., UNet]


def _same(one: UNet, other: UNet) -> bool:
    a, b = one.state().weights, other.state().weights
    assert a is not None
    assert b is not None
    return all(np.array_equal(a[name], b[name]) for name in a)


def _right_half(shape: tuple[int, ...] = (64, 80)) -> xr.DataArray:
    mask = np.zeros(shape, bool)
    mask[:, shape[1] // 2 :] = True
    return xr.DataArray(mask, dims=("y", "x"))


class _KilledError(Exception):
    pass


def _after(step: int, error: BaseException) -> Callable[[TrainingStep], None]:
    def stop(progress: TrainingStep) -> None:
        if progress.step == step:
            raise error

    return stop


def test_it_learns(fitted: UNet, discs: Any) -> None:
    image, mask = discs(seed=7)
    found = fitted.predict(image).values == 1
    assert 2 * (found & mask).sum() / (found.sum() + mask.sum()) > 0.9


def test_the_same_seed_gives_the_same_bytes(make_small: Maker, discs: Any) -> None:
    one, same = (make_small().fit(*discs(), steps=6, every=3) for _ in range(2))
    assert _same(one, same)
    assert one.history == same.history
    assert not _same(one, make_small(seed=1).fit(*discs(), steps=6))


@pytest.mark.parametrize("settings", [{}, {"ema_decay": 0.9, "loss": "branching"}])
def test_killed_and_resumed_gives_the_same_bytes(
    make_small: Maker, discs: Any, tmp_path: Path, settings: dict[str, Any]
) -> None:
    job: dict[str, Any] = {"steps": 12, "every": 3, "validation": _right_half()}
    whole = make_small(**settings).fit(*discs(), **job)
    path = tmp_path / "deep" / "training.safetensors"
    for killed_at in (5, 7, 11):
        with pytest.raises(_KilledError):
            make_small(**settings).fit(
                *discs(), checkpoint=path, on_step=_after(killed_at, _KilledError()), **job
            )
    seen: list[int] = []
    resumed = make_small(**settings).fit(
        *discs(), checkpoint=path, on_step=lambda p: seen.append(p.step), **job
    )
    assert seen == [10, 11, 12]
    assert _same(whole, resumed)
    assert whole.history == resumed.history
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_a_finished_training_is_not_made_again(
    make_small: Maker, discs: Any, tmp_path: Path
) -> None:
    path = tmp_path / "training"
    first = make_small().fit(*discs(), steps=4, every=2, checkpoint=path)
    seen: list[int] = []
    again = make_small().fit(
        *discs(), steps=4, every=2, checkpoint=path, on_step=lambda p: seen.append(p.step)
    )
    assert seen == []
    assert _same(first, again)


def test_a_checkpoint_of_another_training_is_refused(
    make_small: Maker, discs: Any, tmp_path: Path
) -> None:
    path = tmp_path / "training"
    image, mask = discs()
    make_small().fit(image, mask, steps=2, every=2, checkpoint=path)
    with pytest.raises(RequestError, match="another training"):
        make_small(learning_rate=0.02).fit(image, mask, steps=2, every=2, checkpoint=path)
    with pytest.raises(RequestError, match="another training"):
        make_small().fit(image + 1, mask, steps=2, every=2, checkpoint=path)
    path.write_bytes(path.read_bytes()[:-50])
    with pytest.raises(StoreError, match="checkpoint"):
        make_small().fit(image, mask, steps=2, every=2, checkpoint=path)


def test_ctrl_c_keeps_the_best_so_far(make_small: Maker, discs: Any) -> None:
    model = make_small().fit(
        *discs(), steps=50, every=5, validation=_right_half(),
        on_step=_after(12, KeyboardInterrupt()),
    )  # fmt: skip
    assert model.history.stopped == "interrupted"
    assert [each["step"] for each in model.history.records] == [5, 10]
    assert model.history.best in (5, 10)
    assert model.predict(discs()[0]).shape == (64, 80)


def test_ctrl_c_without_validation_keeps_the_last(make_small: Maker, discs: Any) -> None:
    model = make_small().fit(*discs(), steps=50, on_step=_after(3, KeyboardInterrupt()))
    assert model.history.best == 3


def test_early_stopping_keeps_the_best_weights(make_small: Maker, discs: Any) -> None:
    image, mask = discs(noise=3.0)
    model = make_small(augment=None, base=8).fit(
        image, mask, steps=400, every=5, patience=2, validation=_right_half()
    )
    records = model.history.records
    dice = [each["validation_dice"] for each in records]
    assert model.history.stopped == "early"
    assert len(records) == int(np.argmax(dice)) + 3
    assert model.history.best == records[int(np.argmax(dice))]["step"]


def test_unlabelled_masked_and_held_out_samples_teach_nothing(
    make_small: Maker, discs: Any
) -> None:
    image, mask = discs()
    rng = np.random.default_rng(0)
    held = _right_half()
    labels = np.where(mask, 2, 1)
    other = labels.copy()
    other[:, 40:] = rng.integers(1, 3, (64, 40))
    where = ~held
    one, same = (make_small().fit(image, each, [where], steps=3) for each in (labels, other))
    assert _same(one, same)
    unlabelled = np.where(held.values, 0, labels)
    assert _same(one, make_small().fit(image, unlabelled, steps=3))
    job: dict[str, Any] = {"steps": 3, "every": 5, "validation": [held]}
    assert _same(one, make_small().fit(image, labels, **job))


def test_where_of_a_fold_leaves_out_images(make_small: Maker, discs: Any) -> None:
    images, masks = zip(*(discs(seed=seed) for seed in range(2)), strict=True)
    half = ~_right_half()
    alone = make_small().fit(images[0], masks[0], [half], steps=3)
    for where in (Masks([lambda: half, None]), [half, None]):
        assert _same(alone, make_small().fit(list(images), list(masks), where, steps=3))
    all_of_it = [half, everywhere(half)]
    assert not _same(alone, make_small().fit(list(images), list(masks), all_of_it, steps=3))


def test_validation_images_are_kept_apart(make_small: Maker, discs: Any) -> None:
    image, mask = discs()
    apart = Validation(*discs(seed=3))
    model = make_small().fit(image, mask, steps=4, every=2, validation=apart)
    assert set(model.history.records[-1]) >= {"dice", "validation_dice", "validation_loss"}
    same = make_small().fit(image, mask, steps=4, every=2, validation=Validation(*discs(seed=4)))
    assert [a["loss"] for a in model.history.records] == [a["loss"] for a in same.history.records]
    with pytest.raises(CheckError, match="validation image 1"):
        make_small().fit(image, mask, validation=Validation(image.copy(), mask))


def test_transfer_starts_ahead_and_a_frozen_encoder_stays(
    make_small: Maker, discs: Any, fitted: UNet
) -> None:
    tuned = make_small(learning_rate=1e-4).fit(
        *discs(seed=5), steps=2, every=2, init=fitted, freeze="encoder"
    )
    fresh = make_small(learning_rate=1e-4).fit(*discs(seed=5), steps=2, every=2)
    assert tuned.history.records[0]["loss"] < 0.5 * fresh.history.records[0]["loss"]
    before, after = fitted.state().weights, tuned.state().weights
    assert before is not None
    assert after is not None
    for name, value in after.items():
        assert np.array_equal(value, before[name]) == name.startswith("down.")


def test_mixed_precision_learns_the_same_within_its_digits(make_small: Maker, discs: Any) -> None:
    exact, mixed = (
        make_small(precision=precision).fit(*discs(), steps=8, every=4)
        for precision in ("float32", "bfloat16")
    )
    assert not _same(exact, mixed)
    one, other = (each.history.records[-1]["loss"] for each in (exact, mixed))
    assert other == pytest.approx(one, rel=0.1)


def test_averaged_weights_are_apart_from_those_that_are_trained(
    make_small: Maker, discs: Any
) -> None:
    plain, averaged = (make_small(ema_decay=decay).fit(*discs(), steps=10) for decay in (0.0, 0.95))
    assert not _same(plain, averaged)
    assert plain.history.records[0]["loss"] == averaged.history.records[0]["loss"]


def test_a_loss_that_is_no_number_is_an_error(make_small: Maker, discs: Any) -> None:
    image, mask = discs()
    image[3:30, 4:40] = 1e38
    with pytest.raises(CheckError, match="no number"):
        make_small(normalise="none").fit(image, mask, steps=20, every=5)


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"dims": 4}, "dims"),
        ({"variant": "odd"}, "variant"),
        ({"base": 0}, "base"),
        ({"overlap": 1.0}, "overlap"),
        ({"loss": "dise"}, "loss"),
        ({"learning_rate": 0}, "learning_rate"),
        ({"device": "tpu"}, "device"),
        ({"augment": {"flap": 1}}, "augment"),
    ],
)
def test_bad_settings_name_themselves(
    make_small: Maker, discs: Any, settings: dict[str, Any], named: str
) -> None:
    with pytest.raises(ParameterError) as caught:
        make_small(**settings).fit(*discs(), steps=1)
    assert caught.value.where.startswith(named)


def test_images_and_labels_must_go_together(make_small: Maker, discs: Any) -> None:
    image, mask = discs()
    with pytest.raises(ImageError, match="2 images and 1"):
        make_small().fit([image, image], [mask])
    with pytest.raises(ImageError, match="sizes"):
        make_small().fit(image, mask[:-1])
    with pytest.raises(ImageError, match="bools"):
        make_small().fit(image, mask, [mask.astype(int)])
    with pytest.raises(ParameterError, match="mask for each"):
        make_small().fit(image, mask, [mask, mask])
    with pytest.raises(ImageError, match="3-D"):
        make_small(dims=3).fit(image, mask)
    for wrong in ({"freeze": "decoder"}, {"freeze": "encoder"}, {"patience": 3}, {"steps": 0}):
        with pytest.raises(ParameterError, match=next(iter(wrong))):
            make_small().fit(image, mask, **wrong)
    with pytest.raises(ImageError, match="validation holds no sample"):
        make_small().fit(image, mask, validation=[np.zeros_like(mask)])
    with pytest.raises(RequestError, match="fitted"):
        make_small().predict(image)


@pytest.mark.parametrize(
    ("missing", "settings"),
    [("torch", {}), ("monai.networks.nets.attentionunet", {"variant": "attention"})],
)
def test_without_the_extra_it_says_how_it_is_had(
    make_small: Maker,
    discs: Any,
    monkeypatch: pytest.MonkeyPatch,
    missing: str,
    settings: dict[str, Any],
) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(RequestError, match=r"pip install 'graticule\[deep\]'"):
        make_small(**settings).fit(*discs())


def test_history_finds_where_it_overfits() -> None:
    rising = [{"step": n, "loss": 1 / n, "validation_loss": abs(n - 4) + 1.0} for n in range(1, 9)]
    assert History(rising).overfitting == 4
    assert History(rising[:4]).overfitting is None
    assert History([]).overfitting is None
    assert History([{"step": 1, "loss": 1.0}]).overfitting is None


def test_history_survives_as_json_and_has_a_figure(make_small: Maker, discs: Any) -> None:
    from graticule.report.methods.training import training_curves

    history = make_small().fit(*discs(), steps=4, every=2, validation=_right_half()).history
    assert History.from_json(history.to_json()) == history
    assert list(history.frame()["step"]) == [2, 4]
    history.records[0]["validation_loss"] = 0.0
    texts = [
        text.get_text()
        for axes in training_curves(history).axes
        for text in axes.get_legend().get_texts()
    ]
    assert "overfits from 2" in texts
    assert "recall, validation" in texts
    assert training_curves(History()).axes


def test_the_terminal_shows_curves(make_small: Maker, discs: Any) -> None:
    import io

    from rich.console import Console

    from graticule.learn.unet.live import training_display

    page = io.StringIO()
    with training_display(Console(file=page, width=120)) as on_step:
        make_small().fit(*discs(), steps=4, every=2, validation=_right_half(), on_step=on_step)
    assert "validation" in page.getvalue()
    assert "4/4" in page.getvalue()
