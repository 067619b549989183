"""What spectra are, and the ways they are grouped, by name."""

from __future__ import annotations

from typing import Literal, TypeAlias, get_args

Quantity: TypeAlias = Literal["reflectance", "transmission", "attenuation"]

Method: TypeAlias = Literal[
    "merged_mixture",
    "gaussian_mixture",
    "spherical_kmeans",
    "nmf",
    "nfindr",
    "kmeans",
    "minibatch_kmeans",
]

METHODS: tuple[str, ...] = get_args(Method)
