"""
Learn from strokes
==================

A few strokes with a brush say what is what. A forest learns from the features of those samples
and answers everywhere, with a map of where it is unsure: that is where the next stroke helps
most.
"""

# %%

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from skimage import data

import graticule as gt
from graticule.learn import Features, PixelClassifier, save_model

image = data.gravel()[:220, :260].astype(np.float32)
strokes = np.zeros(image.shape, np.uint8)  # 0 is not labelled
strokes[62:66, 60:75], strokes[150:154, 200:216] = 1, 1
dark = image < np.quantile(image, 0.08)
strokes[100:130, 40:90][dark[100:130, 40:90]] = 2

model = PixelClassifier(Features(sigmas=(1, 2, 4)), "forest", names={1: "stone", 2: "gap"}, seed=0)
model.fit(image, strokes)
labels, unsure = model.predict(image), model.uncertainty(image)

# %%
# The model is a file that any pipeline can use as a step. It holds plain data, no pickle.

file = Path(tempfile.mkdtemp()) / "gravel.model"
save_model(model, file)
pipeline = gt.Pipeline.loads(
    f"{{graticule: 1, steps: {{kinds: {{op: learn.classify, model: {file}}}}}}}"
)
assert (pipeline.apply(image)["kinds"] == labels.values).all()

figure, axes = plt.subplots(1, 4, figsize=(10, 2.5), layout="constrained")
shown = np.where(strokes > 0, strokes, np.nan)
for ax, values, title in zip(
    axes, (image, image, labels, unsure), ("image", "strokes", "answer", "unsure"), strict=True
):
    ax.imshow(values, cmap="viridis" if title == "answer" else "gray")
    if title == "strokes":
        ax.imshow(shown, cmap="autumn", interpolation="nearest")
    ax.set_title(title, fontsize=9)
    ax.set_axis_off()
print(f"{float((labels == 2).mean()):.1%} are gaps")
