"""
Compare ways to threshold, against the truth
============================================

Eleven criteria choose a threshold from the histogram. Which one is right depends on the images;
where there is a truth for a few of them, ask it.
"""

# %%
# Simulated nuclei come with their truth. ``threshold.values`` gives the thresholds of all
# criteria.

import matplotlib.pyplot as plt

import graticule as gt
from graticule.evaluate.pixels import confusion
from graticule.simulate.nuclei import nuclei

made = nuclei((200, 240), count=60, photons=60, seed=2)
smooth = gt.filters.gaussian(made.image, sigma=1)
thresholds = gt.threshold.values(smooth).iloc[0]
truth = made.labels > 0
dice = {
    name: confusion((smooth > value).values, truth.values).dice
    for name, value in thresholds.items()
    if isinstance(value, float)
}
for name, value in sorted(dice.items(), key=lambda each: -each[1]):
    print(f"{name:20} Dice {value:.3f} at {thresholds[name]:.1f}")

# %%
# Dice over all thresholds, and where each criterion lies. ``graticule compare`` makes a page
# of this for any step of a pipeline, with pictures side by side.

levels = sorted(float(value) for value in thresholds if isinstance(value, float))
grid = [levels[0] + (levels[-1] - levels[0]) * k / 60 for k in range(-10, 71)]
plt.figure(figsize=(6, 3.2), layout="constrained")
plt.plot(grid, [confusion((smooth > v).values, truth.values).dice for v in grid], color="0.4")
for name, value in dice.items():
    plt.plot(thresholds[name], value, "o", label=name)
plt.xlabel("threshold")
plt.ylabel("Dice")
plt.legend(fontsize=7, ncols=2)
assert max(dice.values()) > 0.85
