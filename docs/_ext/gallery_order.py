"""The order of the gallery: what most people come with first, what few build themselves last."""

from __future__ import annotations

from pathlib import Path

from sphinx_gallery.sorting import ExampleTitleSortKey

_FIRST = (
    "count_objects", "touching_objects", "uneven_light", "every_step", "calibrate",
    "two_channels", "stains", "time_series", "volume", "phases", "skeleton_length",
    "profile_along_a_line", "denoise", "compare_thresholds", "superpixels", "learning_by_strokes",
    "unet", "honest_evaluation", "calibrated_probabilities", "explain", "transfer",
    "report_of_a_run", "study_with_groups", "dose_response", "null_of_a_detection",
    "groups_without_labels", "galaxies", "fits_image", "radiograph", "spectra",
)  # fmt: skip
"""Scripts in the order of their tasks; what is not named comes after them, by title."""


class ByTask(ExampleTitleSortKey):  # type: ignore[misc]
    """Sort scripts by what people come with; sphinx-gallery makes one for each folder."""

    def __call__(self, filename: str) -> str:
        """Return what a script is sorted by."""
        stem = Path(filename).stem
        place = _FIRST.index(stem) if stem in _FIRST else len(_FIRST)
        return f"{place:03} {super().__call__(filename)}"
