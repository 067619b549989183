"""
A file format of your own
=========================

A format is one module: how a file is known by its content, and how it is opened. Here a
microscope's raw files: a line of text with the sizes and the pixel, then 16-bit values.
"""

# %%

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from skimage import data

import graticule as gt
from graticule.core.errors import FormatError
from graticule.io.axes import build, coordinate
from graticule.io.format import Format, register

MARK = b"MICRO "


def _sniff(path, head):
    return head.startswith(MARK)


def _open(address, level):
    content = address.path.read_bytes()
    line, _, values = content.partition(b"\n")
    height, width, pixel = line.removeprefix(MARK).split()
    shape = int(height), int(width)
    if len(values) != 2 * shape[0] * shape[1]:
        raise FormatError("is cut off")
    coords = {
        dim: coordinate(dim, size, float(pixel), unit="um")
        for dim, size in zip("yx", shape, strict=True)
    }
    return build(np.frombuffer(values, "<u2").reshape(shape), ("y", "x"), coords)


register(Format("MICRO", _sniff, _open, suffixes=(".micro",)))

# %%
# Now it is read as any other: by ``gt.read``, in folders, and on the command line of a
# package that declares it by an entry point.

file = Path(tempfile.mkdtemp()) / "moon.micro"
moon = data.moon().astype("<u2")
file.write_bytes(MARK + b"512 512 0.25\n" + moon.tobytes())
image = gt.read(file)
print(image.sizes, image.y.attrs["units"])
assert (image.values == moon).all()

file.write_bytes(file.read_bytes()[:-10])
try:
    gt.read(file)
except FormatError as error:
    print(error)

plt.figure(figsize=(3.4, 3), layout="constrained")
plt.imshow(image, cmap="gray", extent=(0, float(image.x[-1]), float(image.y[-1]), 0))
plt.xlabel("um")
