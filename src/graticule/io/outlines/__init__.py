"""Objects of a label image as outlines along the edges of pixels, and outlines as labels."""

from graticule.io.outlines.fill import Filled as Filled
from graticule.io.outlines.fill import Shape as Shape
from graticule.io.outlines.fill import fill as fill
from graticule.io.outlines.sizes import UNSIZED as UNSIZED
from graticule.io.outlines.sizes import as_large_as as as_large_as
from graticule.io.outlines.trace import Outline as Outline
from graticule.io.outlines.trace import trace as trace
