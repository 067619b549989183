"""A page as they are written with plotly Dash: an image, its histogram with two sliders, a mask.

Run as a script: ``_dash_page.py IMAGE PORT``. Of a large image it shows every n-th sample. A move
of a slider draws what depends on it anew: the limits in the histogram, and the mask.
"""

from __future__ import annotations

import importlib
import sys
from typing import Any

import numpy as np

_SHOWN = 800


def main(path: str, port: int) -> None:
    """Serve the page until it is ended."""
    dash, px = (importlib.import_module(name) for name in ("dash", "plotly.express"))
    from scipy.ndimage import gaussian_filter

    image = np.load(path, mmap_mode="r")
    step = max(1, max(image.shape) // _SHOWN)
    shown = np.asarray(image[::step, ::step])
    app = dash.Dash(__name__)
    app.layout = dash.html.Div(
        [
            dash.dcc.Graph(id="image", figure=px.imshow(shown, color_continuous_scale="gray")),
            dash.dcc.Graph(id="histogram"),
            dash.dcc.RangeSlider(0, 3000, value=[1200, 3000], id="range", updatemode="drag"),
            dash.dcc.Slider(0, 6, value=2, id="sigma", updatemode="drag"),
            dash.dcc.Graph(id="mask"),
        ]
    )

    def drawn(limits: list[float], sigma: float) -> tuple[Any, Any]:
        smooth = gaussian_filter(shown.astype(np.float32), sigma)
        counts, edges = np.histogram(smooth, bins=256)
        histogram = px.bar(x=edges[:-1], y=counts)
        for limit in limits:
            histogram.add_vline(x=limit)
        inside = (smooth >= limits[0]) & (smooth <= limits[1])
        mask = px.imshow(inside.astype(np.uint8) * 255, binary_string=True)
        mask.update_layout(title=f"{limits[0]:g}/{sigma:g}")
        return histogram, mask

    figures = [dash.Output("histogram", "figure"), dash.Output("mask", "figure")]
    app.callback(figures, dash.Input("range", "value"), dash.Input("sigma", "value"))(drawn)
    app.run(port=str(port), debug=False)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
