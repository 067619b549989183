"""The self-contained report of a run: one HTML file that needs no network and no Graticule."""

from graticule.report.page import write

__all__ = ["write"]
