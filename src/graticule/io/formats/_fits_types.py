"""The number types of FITS, which has no signed bytes and no unsigned words."""

from __future__ import annotations

from typing import Any

import numpy as np

TYPES = {8: "u1", 16: ">i2", 32: ">i4", 64: ">i8", -32: ">f4", -64: ">f8"}
CODES = {np.dtype(code).newbyteorder("="): bits for bits, code in TYPES.items()}
UNSIGNED = {("u2", 16): 2**15, ("u4", 32): 2**31, ("u8", 64): 2**63, ("i1", 8): -128}


def flipped(values: Any) -> Any:
    """Flip the top bit: so FITS stores integers of the sign that it has no type for."""
    bits = np.dtype(f"u{values.dtype.itemsize}")
    return values.view(bits) ^ bits.type(1 << 8 * bits.itemsize - 1)
