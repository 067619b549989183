"""
From a radiograph to attenuation
================================

Beam and detector are taken out by frames without the sample and without the beam; spots of
gamma rays and dead pixels are found and replaced; the logarithm gives the attenuation.
"""

# %%

import matplotlib.pyplot as plt

import graticule as gt
from graticule.simulate.radiograph import radiograph

made = radiograph(shape=(220, 260), seed=4)
flat = gt.radiography.flat_field(made.image, made.open_beam, made.dark, dose="border")
spots, cleaned = gt.detect.spots(flat)
attenuation = gt.radiography.beer_lambert(cleaned)
true = made.spots | made.dead
found = int((spots & true).sum())
print(f"{found} of {int(true.sum())} samples of spots, {int((spots & ~true).sum())} others")
print(gt.radiography.signal_to_noise(cleaned))

figure, axes = plt.subplots(1, 4, figsize=(11, 2.6), layout="constrained")
for ax, values, title in zip(
    axes,
    (made.image, flat, cleaned, attenuation),
    ("measured", "over the beam", "without spots", "attenuation"),
    strict=True,
):
    low, high = values.quantile([0.01, 0.99])
    ax.imshow(values, cmap="gray", vmin=low, vmax=high)
    ax.set_title(title, fontsize=9)
    ax.set_axis_off()
