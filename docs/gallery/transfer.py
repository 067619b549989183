"""
Start from what was learned elsewhere
=====================================

Few labels of one plant, many of another: a network that has learned the other one first needs
fewer steps on the one in question. Whether that is so, a comparison on unseen images says, not
hope.
"""

# %%
# Roots that are thick and easy, of which there are many; and thin ones, of which there is one
# image.

import matplotlib.pyplot as plt

from graticule.evaluate.pixels import confusion
from graticule.learn import UNet
from graticule.simulate.roots import Growth, roots

elsewhere = [roots((96, 96), growth=Growth(radius=5.0), seed=seed) for seed in range(4)]
own = roots((96, 96), growth=Growth(radius=3.0), seed=50)
unseen = [roots((96, 96), growth=Growth(radius=3.0), seed=seed) for seed in (70, 71)]
settings = {"base": 8, "depth": 3, "patch": 48, "batch": 4, "labels": "mask", "seed": 0,
            "learning_rate": 0.01}  # fmt: skip


def dice(network):
    """Return the mean Dice on images that nothing was learned from."""
    scores = [
        confusion(network.predict(one.image).values > 0, one.mask.values.astype(bool)).dice
        for one in unseen
    ]
    return sum(scores) / len(scores)


first = UNet(**settings).fit([o.image for o in elsewhere], [o.mask for o in elsewhere], steps=120)
transferred, scratch = {}, {}
for steps in (10, 30, 60):
    transferred[steps] = dice(UNet(**settings).fit(own.image, own.mask, steps=steps, init=first))
    scratch[steps] = dice(UNet(**settings).fit(own.image, own.mask, steps=steps))
    print(
        f"{steps} steps: from elsewhere {transferred[steps]:.2f}, from scratch {scratch[steps]:.2f}"
    )

# %%
# The recipe ``roots`` does this at length, with every loss, on held-out images.

plt.figure(figsize=(4.6, 3), layout="constrained")
plt.plot(list(transferred), list(transferred.values()), "o-", label="from elsewhere")
plt.plot(list(scratch), list(scratch.values()), "o-", label="from scratch")
plt.xlabel("steps on the own image")
plt.ylabel("Dice on unseen images")
plt.legend()
