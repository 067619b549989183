"""The film of the timelapse recipe: tracks made from the image, against the truth."""

from __future__ import annotations

import pytest

from graticule.core.image import with_spacing
from graticule.evaluate.tracking import score_tracks
from graticule.pipeline import Pipeline
from graticule.recipes import pipeline_path
from graticule.recipes.timelapse.example import film


@pytest.mark.slow
def test_tracks_and_divisions_are_the_true_ones() -> None:
    made = film()
    spacing = {"t": "10 min", "y": "0.5 um", "x": "0.5 um"}
    image, truth = (with_spacing(each, spacing) for each in (made.image, made.tracks))
    found = Pipeline.load(pipeline_path("timelapse")).apply(image)
    parent = found["tracks"].set_index("track")["parent"]
    objects = found["shapes"][["t", "label"]].assign(track=lambda rows: rows["label"])
    objects["parent"] = objects["track"].map(parent)
    scores = score_tracks(found["film.labels"], truth, made.lineage, objects)
    assert min(scores.link_recall, scores.link_precision) > 0.99
    assert min(scores.division_recall, scores.division_precision) > 0.9
