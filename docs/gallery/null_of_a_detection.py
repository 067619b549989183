"""
How often would noise look like this?
=====================================

A search finds something in anything. So the whole analysis, its search included, runs again on
surrogates that have the noise of the image and no signal; p is how often they reach what was
found.
"""

# %%
# Two simulated images of waves on the Sun: in one a flare left a ripple.

import matplotlib.pyplot as plt
import numpy as np

import graticule as gt
from graticule.evaluate.empirical import empirical_p
from graticule.evaluate.surrogates import surrogate_maker
from graticule.simulate.time_distance import random_ripple, time_distance

ripple = random_ripple(np.random.default_rng(2), strength=2.0)
images = {"quiet": time_distance(seed=11), "flare": time_distance(seed=12, ripple=ripple)}

# %%
# The analysis: waves near the start are others and stronger, bursts are evened out, and the
# noise is made white before arcs are searched for.

pipeline = gt.Pipeline.loads("""
graticule: 1
name: arcs
inputs: {image: {dims: [time, distance]}}
steps:
  near:   {op: transform.crop, start: {distance: 5 Mm}}
  scaled: {op: transform.zscore, dim: time}
  level:  {op: detect.gain_control, time: 7.5 min, distance: 6 Mm}
  noise:  {op: detect.noise_spectrum, using: both}
  white:
    op: detect.whiten
    input: level
    model: noise
    shortest: 143 s
    longest: 333 s
    finest: 1.7 Mm
  curves:
    op: detect.scan
    unit: min/Mm^(1/2)
    a: [3.2, 7.6, 15]
    d0: [0 Mm, 7 Mm, 3]
    between: [[8.7 Mm, 26.1 Mm]]
  event:  {op: detect.peak}
""")


def statistic(image):
    """Return the strength of the best arc."""
    return float(pipeline.apply(image)["event"]["statistic"].iloc[0])


figure, axes = plt.subplots(1, 2, figsize=(8, 3), layout="constrained", sharex=True)
results = {}
for ax, (name, image) in zip(axes, images.items(), strict=True):
    make = surrogate_maker(image, "phase", along="time", across="distance", taper=0.03, seed=0)
    null = np.array([statistic(make(number)) for number in range(39)])
    found = statistic(image)
    results[name] = empirical_p(found, null)
    print(
        f"{name}: p = {results[name].p:.3f} ({results[name].low:.3f} to {results[name].high:.3f})"
    )
    ax.hist(null, bins=12, color="0.7", label="surrogates")
    ax.axvline(found, color="C1", label="image")
    ax.set(title=name, xlabel="strongest arc")
    ax.legend(fontsize=8)

# %%
# With 39 surrogates p cannot be below 1/40. The recipe ``sunquake`` takes 999, whitens the
# noise first, and corrects for the number of images.

assert results["flare"].p <= results["quiet"].p
