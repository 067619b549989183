"""Previews: pictures for the report, which never decide what becomes of an image."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from graticule.pipeline import Pipeline


def test_a_crop_between_samples_of_the_coarse_copy_is_no_failure(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.zeros((3000, 3000), np.float32))
    pipeline = Pipeline.loads("""
        graticule: 1
        steps:
          cut: {op: transform.crop, start: {y: 2001, x: 2001}, stop: {y: 2051, x: 2053}}
          smooth: {op: filters.gaussian, sigma: 1}
        """)
    run = pipeline.run(tmp_path / "a.npy", tmp_path / "out", memory="60MB")
    assert run.fates[0].tile is not None
    assert not run.failed


def test_a_step_that_fails_on_the_coarse_copy_has_no_picture(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.zeros((3000, 3000), np.float32))
    np.save(tmp_path / "a_mask.npy", np.ones((3000, 3000), np.int32))
    pipeline = Pipeline.loads("""
        graticule: 1
        inputs: {image: {}, labels: {path: "{stem}_mask.npy"}}
        steps:
          smooth: {op: filters.gaussian, sigma: 1, input: image}
          inner: {op: segment.filter_by_size, input: labels, min_size: 3}
          shown: {op: transform.overlay, input: smooth, labels: inner}
        """)
    run = pipeline.run(tmp_path / "a.npy", tmp_path / "out", memory="200MB")
    assert run.fates[0].tile is not None
    assert not run.failed
    with np.load(tmp_path / "out" / "previews" / "a.npz") as kept:
        assert "step/smooth" in kept
