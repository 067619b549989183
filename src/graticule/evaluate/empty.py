r"""What a metric is where the truth, the answer or both are empty: one table for all.

============================================  ===========  ============  ==========
metric                                        empty truth  empty answer  both empty
============================================  ===========  ============  ==========
precision                                     0            NaN           1
recall, sensitivity, boundary recall          NaN          0             1
F, Dice, Jaccard, centreline Dice             0            0             1
average precision over IoU, panoptic quality  0            0             1
surface Dice                                  0            0             1
Hausdorff, HD95, average surface distance     infinite     infinite      0
Matthews correlation                          0 [1]_       0             1
area under ROC, area under PR                 NaN          (scores)      NaN
============================================  ===========  ============  ==========

The rules behind it: an answer that claims nothing where there is nothing agrees with the truth;
an answer that finds nothing of what there is, or claims what there is not, agrees in nothing; a
ratio of nothing to nothing is otherwise not a number, and is left out of means, which say how
many were left out. Specificity follows the same rules with background in the place of object.
A truth of one class ranks nothing, so its ROC and PR curves have no area.

References
----------
.. [1] D. Chicco and G. Jurman, BMC Genomics 21, 6 (2020), :doi:`10.1186/s12864-019-6413-7`: 1
   where all samples are true positives or all are true negatives, -1 where all are false of one
   kind, and 0 where else the denominator vanishes.
"""

from __future__ import annotations

import math

__all__ = ["distance", "overlap", "ratio"]


def ratio(part: float, whole: float, *, both_empty: bool = False) -> float:
    """Return ``part / whole``; of nothing, 1 where both are empty and NaN otherwise.

    Parameters
    ----------
    part, whole : float
        Two counts, as true positives and all found.
    both_empty : bool
        Whether neither truth nor answer has anything.

    Returns
    -------
    float
        From 0 to 1, or NaN.

    Examples
    --------
    >>> ratio(1, 2), ratio(0, 0), ratio(0, 0, both_empty=True)
    (0.5, nan, 1.0)
    """
    if whole:
        return part / whole
    return 1.0 if both_empty else math.nan


def overlap(part: float, whole: float) -> float:
    """Return an agreement ``part / whole``, which is 1 where there is nothing to agree on.

    Parameters
    ----------
    part, whole : float
        Two counts, as of the intersection and of the union.

    Returns
    -------
    float
        From 0 to 1.

    Examples
    --------
    >>> overlap(1, 4), overlap(0, 3), overlap(0, 0)
    (0.25, 0.0, 1.0)
    """
    return ratio(part, whole, both_empty=True)


def distance(value: float, *, truth_empty: bool, answer_empty: bool) -> float:
    """Return a distance between two outlines: 0 where neither is there, infinite if one is not.

    Parameters
    ----------
    value : float
        The distance where both are there.
    truth_empty, answer_empty : bool
        Whether the one and the other has no outline.

    Returns
    -------
    float
        In the unit of ``value``.

    Examples
    --------
    >>> distance(3.0, truth_empty=False, answer_empty=False)
    3.0
    >>> distance(3.0, truth_empty=True, answer_empty=False)
    inf
    """
    if truth_empty and answer_empty:
        return 0.0
    return math.inf if truth_empty or answer_empty else value
