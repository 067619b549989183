"""How far the outline of a mask is from the true one."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from graticule.core import Evidence, Length, Measure, Subject, as_image, check
from graticule.evaluate._inputs import sampling
from graticule.evaluate.checks import _against_truth as truths
from graticule.evaluate.outlines import centreline_dice, outline_distances


@check(
    version=1,
    doc=truths.DOC,
    study=truths.means_of("hd95", "average_distance", "surface_dice", "centreline_dice"),
    meaning=(
        "Distances between the outline of the mask and the true one, both ways. 95 % of both "
        "outlines are within HD95 of the other; hausdorff is the largest distance, which one wrong "
        "sample decides. Surface Dice is the part of the outlines that is within {tolerance} of "
        "the other. A mask without a counterpart is infinitely far. Intervals of means are over "
        "images."
    ),
    measures=(
        Measure("hd95", "HD95", unit_column="distance_unit"),
        Measure("average_distance", "average distance", unit_column="distance_unit"),
        Measure("surface_dice", "surface Dice"),
    ),
)
def boundary(
    subject: Subject,
    *,
    tolerance: Annotated[Length, Field(title="Distance that does not matter", ge=0)] = Length(2),
    centreline: Annotated[bool, Field(title="Compare centrelines too")] = False,
    n: truths.Resamples = 1000,
    confidence: truths.Confidence = 0.95,
    seed: truths.Seed = 0,
) -> Evidence:
    """Measure how far the outline of a mask lies from the true one.

    In a pipeline: ``{check: boundary, of: mask, against: truth, tolerance: 0.5 um}``.

    Parameters
    ----------
    subject : Subject
        Its value and what it is held against are masks.
    tolerance : Length
        Distance up to which outlines count as the same; pixels are those of the finest axis.
    centreline : bool
        Whether to compare centrelines as well, for thin branching objects.
    %(mean_intervals)s

    Returns
    -------
    Evidence
        Columns ``hd95, average_distance, hausdorff``, their ``distance_unit``, ``surface_dice``
        and, where asked for, ``centreline_dice``; over a study the means with their intervals.

    Raises
    ------
    %(no_truth)s
    ImageError
        If the sizes differ, or one is no mask.
    UnitsError
        If the axes have units of different kinds, or ``tolerance`` has one and they have none.

    References
    ----------
    .. [1] Nikolov, S. et al., "Clinically applicable segmentation of head and neck anatomy for
       radiotherapy: deep learning algorithm development and validation study", J. Med. Internet
       Res. 23(7), e26151, 2021. :doi:`10.2196/26151`
    .. [2] Shit, S. et al., "clDice - a novel topology-preserving loss function for tubular
       structure segmentation", CVPR 2021, 16560-16569. :doi:`10.1109/CVPR46437.2021.01629`

    Examples
    --------
    >>> import numpy as np
    >>> from graticule.core import Subject, as_image
    >>> from graticule.core.registry import get_check
    >>> truth = np.zeros((40, 40), bool)
    >>> truth[10:30, 10:30] = True
    >>> um = {"y": "0.5 um", "x": "0.5 um"}
    >>> moved = as_image(np.roll(truth, 2, axis=1), spacing=um)
    >>> subject = Subject(moved, moved, rerun=None, against=as_image(truth, spacing=um))
    >>> found = get_check("boundary")(subject, tolerance="1 um").columns
    >>> found["hausdorff"], found["distance_unit"], found["surface_dice"]
    (1.0, 'um', 1.0)
    """
    mask, truth = as_image(subject.value), truths.truth_of(subject)
    found = outline_distances(mask, truth)
    steps, unit = sampling(mask, mask.ndim)
    finest = min(range(mask.ndim), key=steps.__getitem__)
    reach = tolerance.samples(mask, str(mask.dims[finest])) * steps[finest]
    columns: dict[str, float | int | bool | str] = {
        "hd95": found.hd95,
        "average_distance": found.average,
        "hausdorff": found.hausdorff,
        "distance_unit": unit,
        "surface_dice": found.dice(reach),
    }
    if centreline:
        columns["centreline_dice"] = centreline_dice(mask, truth)
    return Evidence(columns)
