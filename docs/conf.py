"""How the documentation is built: ``make docs``, or ``make docs-quick`` without the gallery."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from graticule.version import __version__

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

QUICK = bool(os.environ.get("GRATICULE_DOCS_QUICK"))

project = "Graticule"
author = "The Graticule developers"
copyright = f"{author}, BSD-3"
release = version = __version__

# nothing here asks the net: no intersphinx, and formulas as MathML
extensions = ["mathml", "reference", "myst_nb", "numpydoc", "sphinx.ext.autodoc",
              "sphinx.ext.extlinks", "sphinx_design", "sphinx_gallery.gen_gallery"]  # fmt: skip
exclude_patterns = ["_build", "_ext", "pictures", "gallery", "auto_gallery/*.ipynb"]
default_role = "py:obj"
suppress_warnings = ["ref.footnote"]  # papers at the foot of a docstring need no mark in it
extlinks = {"doi": ("https://doi.org/%s", "doi:%s")}
reference_drawing = not QUICK
html_math_renderer = "mathml"

numpydoc_show_class_members = False
autodoc_typehints = "none"
autodoc_class_signature = "separated"

myst_enable_extensions = ["colon_fence", "dollarmath", "deflist"]
myst_heading_anchors = 3
nb_execution_mode = "off" if QUICK else "cache"
nb_execution_raise_on_error = True
nb_execution_timeout = 120

sphinx_gallery_conf = {
    "examples_dirs": "gallery",
    "gallery_dirs": "auto_gallery",
    "filename_pattern": r"\.py$",
    "plot_gallery": not QUICK,
    "parallel": True,
    "abort_on_example_error": True,
    "capture_repr": ("_repr_html_",),
    "remove_config_comments": True,
    "show_memory": False,
    "write_computation_times": False,
    "show_signature": False,
    "min_reported_time": 1e9,
    "within_subsection_order": "gallery_order.ByTask",
    "download_all_examples": False,
}

html_theme = "pydata_sphinx_theme"
html_title = "Graticule"
html_static_path = ["_static"]
html_css_files = ["graticule.css"]
html_js_files = ["access.js"]
html_show_sourcelink = False
html_show_search_summary = False  # a page of a folder may not read another
html_sidebars = {"reference/numbers/index": [], "comparison": []}  # their tables are wide
html_theme_options = {
    "navigation_with_keys": False,
    "show_prev_next": True,
    "navbar_align": "left",
    "header_links_before_dropdown": 6,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "back_to_top_button": False,
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
