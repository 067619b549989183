"""How counts become grey values: the parameters of a detector."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

Gain = Annotated[float, Field(title="Grey values for each count", gt=0)]
Readout = Annotated[float, Field(title="Readout noise (grey values)", ge=0)]
Offset = Annotated[float, Field(title="Grey value of no count")]


def floor_of(gain: float, readout: float) -> float:
    """Return what the generalised Anscombe transform takes the root of where nothing is counted."""
    return 0.375 * gain**2 + readout**2
