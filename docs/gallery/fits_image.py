"""
A FITS file, with its axes and units
====================================

The header of a FITS file says what the axes are. They are read as coordinates, so that lengths
in a pipeline are in their units, and what is found has places on the sky.
"""

# %%
# A cut-out with a world coordinate system: a third of an arcsecond a pixel.

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from astropy.io import fits
from skimage import data

import graticule as gt

sky = data.hubble_deep_field()[:300, :400].mean(axis=2)
header = fits.Header({
    "CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CUNIT1": "deg", "CUNIT2": "deg",
    "CRPIX1": 200.0, "CRPIX2": 150.0, "CRVAL1": 189.2, "CRVAL2": 62.2,
    "CDELT1": -1e-4, "CDELT2": 1e-4, "BUNIT": "adu",
})  # fmt: skip
file = Path(tempfile.mkdtemp()) / "field.fits"
fits.writeto(file, sky.astype(np.float32), header)

image = gt.read(file)
print(image.dims, image.attrs["units"], image.x.attrs["units"])

# %%
# Sources, and where they are on the sky.

smooth = gt.filters.gaussian(image, sigma=1.5)
sources = gt.segment.label(gt.threshold.triangle(smooth))
table = gt.transform.to_sky(gt.measure.regions(sources, image), image)
brightest = table.nlargest(5, "intensity_max")
print(brightest[["label", "ra", "dec", "intensity_max"]])

plt.figure(figsize=(6, 4), layout="constrained")
plt.imshow(np.log(sky + 5), cmap="gray", origin="lower")
spots = gt.measure.regions(sources.values).set_index("label").loc[brightest["label"]]
plt.plot(spots["centroid_x"], spots["centroid_y"], "o", mfc="none", mec="orange", ms=14)
plt.axis("off")
