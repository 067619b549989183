"""A picture of every op: what it takes, and what it makes of that with one parameter varied.

Where each op is seen best is said in one file a family beside this one, as ``filters.yaml``: an
image, the steps before, and the values of a parameter. An op that is not named there, as that of
another package, is shown on what suits the kinds of its data.
"""

from graticule.illustrations.draw import draw, picture_key
from graticule.illustrations.illustration import (
    WITHOUT,
    Illustration,
    document_of,
    illustration_of,
)
from graticule.illustrations.samples import sample, sample_names

__all__ = [
    "WITHOUT",
    "Illustration",
    "document_of",
    "draw",
    "illustration_of",
    "picture_key",
    "sample",
    "sample_names",
]
