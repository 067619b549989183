"""
An honest score for a classifier
================================

Neighbouring pixels look alike. A score on pixels drawn at random measures how well a model
knows the neighbour of what it learned; whole blocks held out, with a gap as wide as features
reach, measure how well it knows the next image.
"""

# %%
# One simulated image of roots, and features that look up to 8 samples wide.

import matplotlib.pyplot as plt
import numpy as np

from graticule.evaluate.pixels import confusion
from graticule.learn import Features, PixelClassifier
from graticule.simulate.roots import Growth, roots

made = roots((256, 256), growth=Growth(radius=4.0), seed=3)
image, truth = made.image, made.mask
bank = Features(sigmas=(1, 2, 4, 8))
estimator = {"name": "forest", "n_estimators": 20}
rng = np.random.default_rng(0)


def dice(learned, judged):
    """Return the Dice of a model that learns from some samples, on others."""
    model = PixelClassifier(bank, estimator, labels="mask", seed=0)
    answer = model.fit(image, truth, where=learned).predict(image).values > 0
    return confusion(answer[judged], truth.values[judged].astype(bool)).dice


random = rng.random(truth.shape) < 0.5
naive = dice(random, ~random)

# %%
# The same on blocks: each quarter is held out once, with a gap of 24 samples around it.

scores = []
for rows in (slice(0, 128), slice(128, 256)):
    for columns in (slice(0, 128), slice(128, 256)):
        held = np.zeros(truth.shape, bool)
        held[rows, columns] = True
        near = np.zeros_like(held)
        near[max(0, rows.start - 24) : rows.stop + 24,
             max(0, columns.start - 24) : columns.stop + 24] = True  # fmt: skip
        scores.append(dice(~near, held))

print(f"pixels at random: {naive:.3f}")
print(f"blocks held out:  {np.mean(scores):.3f}, from {min(scores):.3f} to {max(scores):.3f}")

# %%
# ``graticule evaluate`` does this for any number of methods, with the gap computed from the
# features and an interval over blocks; ``naive: samples`` shows the flattering number beside
# it.

plt.figure(figsize=(4.4, 3), layout="constrained")
plt.plot(scores, [0] * len(scores), "o", label="blocks")
plt.axvline(naive, color="C1", label="pixels at random")
plt.yticks([])
plt.xlabel("Dice")
plt.legend()
assert naive > np.mean(scores)
