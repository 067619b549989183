"""Compilation of small functions that are handed many arrays and make none."""

from __future__ import annotations

from numba import njit

lean = njit(cache=True, nogil=True, _nrt=False)
"""Compile without counting references to arrays, which takes longer than such a function.

The caller keeps the arrays alive. Within, no array can be made: no copies, no array arithmetic, no
assignment of one array to a slice of another.
"""
