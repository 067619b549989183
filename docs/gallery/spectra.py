"""
From spectra to materials
=========================

A pulsed neutron beam gives a spectrum in each pixel. Its edges say which metal it passed, and
how thick the metal is only scales the spectrum; so spectra are grouped by their direction.
"""

# %%

import matplotlib.pyplot as plt

import graticule as gt
from graticule.simulate.neutron_tof import neutron_tof

made = neutron_tof(
    (48, 48), bins=160, materials=("ferrite", "aluminium", "nickel"), pieces=5, seed=2
)
sample = gt.spectra.to_wavelength(made.image, flight_path="50 m")
beam = gt.spectra.to_wavelength(made.open_beam, flight_path="50 m")
transmission, error = gt.spectra.open_beam(sample, beam)
found = gt.learn.spectral_clusters(transmission, quantity="transmission", surrogates=0)
print(found.clusters)

# %%
# Plain k-means on the transmission groups thickness instead.

plain = gt.spectra.kmeans(transmission, clusters=int(found.labels.max()))
figure, axes = plt.subplots(1, 4, figsize=(11, 2.8), layout="constrained")
for ax, values, title in zip(
    axes,
    (transmission.mean("wavelength"), found.labels, plain),
    ("transmission", "materials", "plain k-means"),
    strict=False,
):
    ax.imshow(values, cmap="gray" if title == "transmission" else "tab10", interpolation="nearest")
    ax.set_title(title, fontsize=9)
    ax.set_axis_off()
spectra = gt.spectra.regions(transmission, found.labels)
for region, rows in spectra.groupby("region"):
    axes[3].plot(rows["wavelength"], rows["mean"], lw=1, label=str(region))
axes[3].set(xlabel="wavelength / angstrom", ylabel="transmission")
axes[3].legend(fontsize=7)
