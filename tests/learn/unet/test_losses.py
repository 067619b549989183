"""Losses: MONAI's where all is labelled, and blind to what is not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from graticule.core.errors import ParameterError
from graticule.learn.unet import losses
from graticule.learn.unet.losses import branch_weights

torch = pytest.importorskip("torch")

NAMES = ["ce", "dice", "tversky", "focal", "cldice", "branching"]


def _batch(dims: int = 2, classes: int = 3, seed: int = 0) -> losses.Batch:
    generator = torch.Generator().manual_seed(seed)
    shape = (2, *(12,) * dims)
    logits = torch.randn(2, classes, *shape[1:], generator=generator)
    truth = torch.randint(0, classes, shape, generator=generator)
    weight = torch.rand(shape, generator=generator) + 0.5
    return losses.Batch(logits, truth, weight)


def _one_hot(truth: Any, classes: int) -> Any:
    return torch.movedim(torch.nn.functional.one_hot(truth, classes), -1, 1).float()


@pytest.mark.parametrize("dims", [2, 3])
def test_as_monai_where_all_is_labelled(dims: int) -> None:
    from monai.losses import DiceLoss, FocalLoss, TverskyLoss

    batch = _batch(dims)
    hot = _one_hot(batch.truth, 3)
    pairs = {
        "dice": DiceLoss(softmax=True, batch=True, smooth_nr=1e-5, smooth_dr=1e-5),
        "tversky": TverskyLoss(softmax=True, batch=True, alpha=0.3, beta=0.7),
        "focal": FocalLoss(use_softmax=True, gamma=2.0),
    }
    for name, theirs in pairs.items():
        ours = losses.combined({name: 1.0})(batch)
        expected = theirs(batch.logits, hot)
        # MONAI takes the mean over classes too, of which all but the true one are 0.
        scale = 3 if name == "focal" else 1
        torch.testing.assert_close(ours, expected * scale, rtol=1e-4, atol=1e-5, msg=name)
    ours = losses.combined({"ce": 1.0})(batch)
    torch.testing.assert_close(ours, torch.nn.functional.cross_entropy(batch.logits, batch.truth))


@pytest.mark.parametrize("dims", [2, 3])
def test_centreline_by_the_skeleton_of_monai(dims: int) -> None:
    from monai.losses.cldice import soft_skel

    batch = _batch(dims, classes=2)
    ours = losses.centreline(losses.Batch(batch.logits, batch.truth, first=1), iterations=3)
    shares = torch.softmax(batch.logits, 1)[:, 1:]
    truth = batch.truth.unsqueeze(1).float()
    found, line = soft_skel(shares, 3), soft_skel(truth, 3)
    precision = (found * truth).sum() / found.sum()
    recall = (line * shares).sum() / line.sum()
    expected = 1 - 2 * precision * recall / (precision + recall)
    torch.testing.assert_close(ours, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_samples_without_truth_have_no_part(name: str) -> None:
    batch = _batch()
    truth = batch.truth.clone()
    truth[0, :5], truth[1, :, 7:] = -1, -1
    other = batch.logits.clone()
    other.movedim(1, -1)[truth < 0] = torch.tensor([9.0, -3.0, 0.5])
    loss = losses.combined({name: 1.0})
    logits = batch.logits.clone().requires_grad_()
    value = loss(losses.Batch(logits, truth, batch.weight))
    value.backward()
    if name != "cldice":  # the erosions of a centreline see across the border of what is known
        torch.testing.assert_close(value, loss(losses.Batch(other, truth, batch.weight)))
        assert (logits.grad.movedim(1, -1)[truth < 0] == 0).all()
    assert torch.isfinite(logits.grad).all()
    assert (logits.grad.movedim(1, -1)[truth >= 0] != 0).any()


@pytest.mark.parametrize("name", NAMES)
def test_the_truth_is_best_and_its_opposite_worst(name: str) -> None:
    batch = _batch(classes=2)
    loss = losses.combined({name: 1.0})
    right = 20 * _one_hot(batch.truth, 2)

    def at(logits: Any) -> float:
        return float(loss(losses.Batch(logits, batch.truth, batch.weight)))

    assert at(right) < 0.01 < at(batch.logits) < at(-right)


@pytest.mark.parametrize("name", NAMES)
def test_nothing_labelled_is_no_loss_and_no_gradient(name: str) -> None:
    batch = _batch()
    logits = batch.logits.clone().requires_grad_()
    nothing = torch.full_like(batch.truth, -1)
    value = losses.combined({name: 1.0})(losses.Batch(logits, nothing, batch.weight))
    value.backward()
    assert float(value.detach()) == 0
    assert (logits.grad == 0).all()


def test_background_of_a_mask_is_not_counted_in_overlaps() -> None:
    batch = _batch(classes=2)
    masked = losses.Batch(batch.logits, batch.truth, first=1)
    shares = torch.softmax(batch.logits, 1)[:, 1]
    expected = 1 - 2 * (shares * batch.truth).sum() / (shares.sum() + batch.truth.sum())
    torch.testing.assert_close(losses.dice(masked), expected)


def test_combined_losses_are_weighted_sums() -> None:
    batch = _batch()
    parts = losses.terms_of("dice + 0.5*ce+ce")
    assert parts == {"dice": 1.0, "ce": 1.5}
    expected = losses.dice(batch) + 1.5 * losses.cross_entropy(batch)
    torch.testing.assert_close(losses.combined(parts)(batch), expected)


@pytest.mark.parametrize(
    ("text", "says"),
    [("dise", "did you mean dice"), ("dice+mae", "mixes"), ("0*ce", "positive"), ("", "no loss")],
)
def test_unknown_losses_are_refused(text: str, says: str) -> None:
    with pytest.raises(ParameterError, match=says):
        losses.terms_of(text)


@pytest.mark.parametrize(("name", "expected"), [("mae", 1.5), ("mse", 2.5)])
def test_regression_counts_samples_with_a_target(name: str, expected: float) -> None:
    values = torch.tensor([[1.0, 2.0, 7.0]], requires_grad=True)
    truth = torch.tensor([[2.0, 4.0, float("nan")]])
    loss = losses.regression(name, values, truth)
    loss.backward()
    assert float(loss.detach()) == expected
    assert float(values.grad[0, 2]) == 0


@pytest.mark.parametrize("dims", [2, 3])
def test_branches_weigh_by_their_length(dims: int) -> None:
    codes = np.zeros((24,) * (dims - 1) + (60,), int)
    thin = (slice(4, 6),) * (dims - 1)
    thick = (slice(12, 18),) * (dims - 1)
    codes[thin], codes[thick] = 1, 1
    weights = branch_weights(codes, dims)
    inside = slice(10, 50)
    by_length = weights[(*thin, inside)].sum() / weights[(*thick, inside)].sum()
    by_count = weights[(*thin, inside)].size / weights[(*thick, inside)].size
    assert by_count == pytest.approx(3.0 ** (1 - dims))
    assert 0.7 < by_length < 1.4
    assert weights[codes == 1].mean() == pytest.approx(1, rel=1e-4)
    assert (weights[codes == 0] == 1).all()


def test_a_missed_thin_branch_costs_as_much_as_a_missed_thick_one() -> None:
    codes = np.zeros((40, 60), int)
    codes[5:7], codes[20:32] = 1, 1
    weight = torch.from_numpy(branch_weights(codes, 2))[None]
    truth = torch.from_numpy(codes)[None]

    def missing(rows: slice, loss: str) -> float:
        logits = 8 * _one_hot(truth, 2)
        logits[:, :, rows] = 8 * _one_hot(torch.zeros_like(truth), 2)[:, :, rows]
        return float(losses.combined({loss: 1.0})(losses.Batch(logits, truth, weight, 1)))

    def ratio(loss: str) -> float:
        return missing(slice(5, 7), loss) / missing(slice(20, 32), loss)

    assert ratio("branching") > 0.6
    assert ratio("dice") < 0.3


def test_a_class_without_border_weighs_the_same_everywhere() -> None:
    assert (branch_weights(np.ones((5, 6), int), 2) == 1).all()
    assert (branch_weights(np.full((5, 6), -1), 2) == 1).all()
    assert branch_weights(np.ones((1, 1), int), 2).shape == (1, 1)
