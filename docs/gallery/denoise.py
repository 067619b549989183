"""
Which filter takes noise away, and keeps edges?
===============================================

With a clean photograph and noise of our own the error of each filter can be measured, at its
best setting. What wins depends on the image: on one with edges, not the plain mean.
"""

# %%

import matplotlib.pyplot as plt
import numpy as np
from skimage import data

import graticule as gt

clean = data.camera()[80:240, 140:340].astype(np.float32)
noisy = clean + np.random.default_rng(0).normal(0, 20, clean.shape).astype(np.float32)
tries = {
    "gaussian": [gt.filters.gaussian(noisy, sigma=s) for s in (0.7, 1, 1.5)],
    "median": [gt.filters.median(noisy, radius=r) for r in (1, 2)],
    "bilateral": [gt.filters.bilateral(noisy, sigma=2, sigma_value=v) for v in (40, 60, 80)],
    "total variation": [gt.filters.total_variation(noisy, weight=w) for w in (15, 25, 35)],
    "non-local means": [gt.filters.non_local_means(noisy, strength=s) for s in (14, 18, 22)],
}


def error(values):
    """Return the root mean squared error."""
    return float(np.sqrt(np.mean((values - clean) ** 2)))


best = {name: min(results, key=error) for name, results in tries.items()}
print(f"{'noisy':16} {error(noisy):5.1f}")
for name, values in best.items():
    print(f"{name:16} {error(values):5.1f}")

figure, axes = plt.subplots(2, 3, figsize=(8, 4.6), layout="constrained")
for ax, (name, values) in zip(axes.flat, {"noisy": noisy, **best}.items(), strict=True):
    ax.imshow(values, cmap="gray", vmin=0, vmax=255)
    ax.set_title(f"{name}: {error(values):.1f}", fontsize=9)
    ax.set_axis_off()
assert all(error(values) < error(noisy) for values in best.values())
