"""
Train a U-Net
=============

A network learns what to look for by itself. It needs more labels than a forest and more
patience; on thin branching things it may be worth it. Here a small one, for seconds; ``fit:
{steps: 400}`` in a training document is a start for real work.
"""

# %%

import matplotlib.pyplot as plt

from graticule.evaluate.pixels import confusion
from graticule.learn import UNet
from graticule.simulate.roots import Growth, roots

growth = Growth(radius=4.0)
learned = [roots((96, 96), growth=growth, seed=seed) for seed in range(4)]
unseen = roots((128, 128), growth=growth, seed=99)
network = UNet(base=8, depth=3, patch=48, batch=4, labels="mask", learning_rate=0.01, seed=0)
network.fit([one.image for one in learned], [one.mask for one in learned], steps=120)
answer = network.predict(unseen.image)
score = confusion(answer.values > 0, unseen.mask.values.astype(bool))
print(f"Dice {score.dice:.2f} on an image it has not seen")

figure, axes = plt.subplots(1, 4, figsize=(10, 2.6), layout="constrained")
for ax, values, title in zip(
    axes, (unseen.image, unseen.mask, answer), ("image", "truth", "answer"), strict=False
):
    ax.imshow(values, cmap="gray")
    ax.set_title(title, fontsize=9)
    ax.set_axis_off()
axes[3].plot([record["step"] for record in network.history.records],
             [record["loss"] for record in network.history.records])  # fmt: skip
axes[3].set(xlabel="step", ylabel="loss")
