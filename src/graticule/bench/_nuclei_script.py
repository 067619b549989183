"""Nuclei found, measured and shown as a script of scikit-image does it; the peer of Q5.

Called as ``python _nuclei_script.py STEPS FOLDER OUT``, where the steps are ``regions`` (those of
the recipe nuclei) or ``threshold`` (Li's threshold and a watershed). A process for each processor;
labels as TIFF for each micrograph, a table of all objects, one of all micrographs, and a page with
pictures as that of a run has: overlays of the first micrographs and a histogram.
"""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Callable
from html import escape
from multiprocessing import Pool
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from scipy import fft, ndimage
from skimage import filters, measure, segmentation
from skimage.io import imread, imsave
from skimage.morphology import h_maxima, local_maxima, reconstruction

Array: TypeAlias = Any

_SHOWN = 12
_COLUMNS = (
    "label", "area", "centroid", "bbox", "equivalent_diameter_area", "axis_major_length",
    "axis_minor_length", "eccentricity", "orientation", "intensity_mean", "intensity_std",
    "intensity_min", "intensity_max",
)  # fmt: skip


# --- Li's threshold and a watershed ---------------------------------------------------------------


def by_threshold(grey: Array) -> tuple[Array, dict[str, float]]:
    """Return labels of what is above a threshold, parted at necks."""
    smooth = ndimage.gaussian_filter(np.abs(grey - np.median(grey)), 1)
    level = smooth - ndimage.gaussian_filter(smooth, 8, truncate=3)
    both = (level > 0) & (smooth > filters.threshold_li(smooth))
    filled = ndimage.binary_fill_holes(both)
    distance = ndimage.distance_transform_edt(filled)
    tops = local_maxima(reconstruction(distance - 0.75, distance)) & filled
    markers = measure.label(tops, connectivity=2)
    parts = segmentation.watershed(-distance, markers, mask=filled)
    sizes = np.bincount(parts.ravel())
    return np.where(sizes[parts] >= 20, parts, 0).astype(np.int32), {}


# --- the steps of the recipe ----------------------------------------------------------------------


def by_regions(grey: Array) -> tuple[Array, dict[str, float]]:
    """Return labels of the regions most like ellipses, and whether they can be believed."""
    level = without_slope(grey)
    labels = extremal_regions(level.astype(float))
    return labels, plausibility(labels, level)


def without_slope(grey: Array) -> Array:
    """Take away the paraboloid that fits best."""
    y, x = np.ogrid[-1 : 1 : grey.shape[0] * 1j, -1 : 1 : grey.shape[1] * 1j]
    terms = (np.ones(()), x, y, x * x, x * y, y * y)
    design = np.stack([np.broadcast_to(term, grey.shape).ravel() for term in terms])
    fitted = np.linalg.solve(design @ design.T, design @ grey.ravel().astype(float))
    return (grey - (fitted @ design).reshape(grey.shape)).astype(np.float32)


def extremal_regions(values: Array) -> Array:
    """Return labels of disjoint extremal regions of all thresholds, grown and parted at necks."""
    upright = -1 if np.mean((values - np.median(values)) ** 3) < 0 else 1
    smooth = ndimage.gaussian_filter(values, 0.7)
    diameter = usual_diameter(upright * (smooth - np.median(smooth)))
    smooth = ndimage.gaussian_filter(values, max(0.05 * diameter, 0.5))
    height = upright * (smooth - np.median(smooth))
    top = float(np.percentile(height, 99.8))
    lowest = float(filters.threshold_li(np.clip(height, 0, top)))
    thresholds = np.geomspace(lowest + 0.05 * top, 1.05 * top, 32) - 0.05 * top
    least = max(math.pi * (0.3 * diameter / 2) ** 2, 9)
    labels = grown(best_regions(height, thresholds, least), height, lowest)
    labels = parted(labels, least)
    return believed(labels, height, height[height <= lowest], least)


def usual_diameter(height: Array) -> float:
    """Return the diameter of blobs where the Laplacian is strong and skewed."""
    waves = fft.dctn(np.clip(height, 0, np.percentile(height, 99.8)), norm="ortho")
    y, x = (np.pi * np.arange(size) / size for size in height.shape)
    squared = y[:, None] ** 2 + x**2
    best, diameter = 0.0, 2 * math.sqrt(2)
    for step in range(int(4 * math.log2(max(height.shape) / 6)) + 1):
        width = 2.0 ** (step / 4)
        kernel = width**2 * squared * np.exp(-(width**2) * squared / 2)
        response = fft.idctn(waves * kernel, norm="ortho")
        squares = response * response
        strength = np.mean(squares * response) / math.sqrt(np.mean(squares))
        if strength > best:
            best, diameter = strength, 2 * math.sqrt(2) * width
    return diameter


def fits_of(labels: Array, count: int) -> tuple[Array, Array]:
    """Return the sizes of objects, and the ratio of each to its ellipse of the same moments."""
    y, x = np.nonzero(labels)
    which = labels[y, x] - 1
    areas = np.bincount(which, minlength=count).astype(float)
    some = np.maximum(areas, 1)
    y = y - (np.bincount(which, y, count) / some)[which]
    x = x - (np.bincount(which, x, count) / some)[which]
    yy, xx, yx = (np.bincount(which, each, count) / some for each in (y * y, x * x, y * x))
    ellipses = 4 * math.pi * np.sqrt((yy + 1 / 12) * (xx + 1 / 12) - yx * yx)
    return areas, np.minimum(areas / ellipses, 1)


def worth(areas: Array, fits: Array) -> Array:
    """Return what regions are worth as objects."""
    return areas**0.6 * fits**24


def first_places(labels: Array, count: int) -> Array:
    """Return the index of the first sample of each label, the background's among them."""
    flat = labels.ravel()
    first = np.zeros(count + 1, np.int64)
    first[flat[::-1]] = np.arange(flat.size - 1, -1, -1)
    return first


def without_holes(mask: Array) -> Array:
    """Fill holes of less than a fifth of what surrounds them."""
    holes, count = ndimage.label(~mask, np.ones((3, 3)))
    if count < 2:
        return mask
    parts, _ = ndimage.label(mask)
    sizes = np.bincount(parts.ravel())
    around = parts.ravel()[np.maximum(first_places(holes, count) - 1, 0)]
    small = np.bincount(holes.ravel(), minlength=count + 1) <= 0.2 * sizes[around]
    for edge in (holes[0], holes[-1], holes[:, 0], holes[:, -1]):
        small[edge] = False
    small[0] = False
    return mask | (small & (around > 0))[holes]


def best_regions(height: Array, thresholds: Array, least: float) -> Array:
    """Return labels of the disjoint regions above thresholds that are worth most together."""
    levels: list[Array] = []
    counts: list[int] = []
    parents, worths = [], []
    above: Array = None
    offset = 0
    for threshold in thresholds:
        labels, count = ndimage.label(without_holes(height > threshold))
        if count == 0:
            break
        if above is None:
            parents.append(np.full(count, -1))
        else:
            parents.append(above.ravel()[first_places(labels, count)[1:]] - 1 + offset)
            offset += counts[-1]
        areas, fits = fits_of(labels, count)
        worths.append(np.where(areas >= least, worth(areas, fits), 0.0))
        levels.append(labels)
        counts.append(count)
        above = labels
    chosen = best_of_tree(np.concatenate(parents).tolist(), np.concatenate(worths).tolist())
    numbers = np.where(chosen, np.cumsum(chosen), 0).astype(np.int32)
    result = np.zeros(height.shape, np.int32)
    offset = 0
    for labels, count in zip(levels, counts, strict=True):
        given = np.append(np.int32(0), numbers[offset : offset + count])
        if given.any():
            result = np.maximum(result, given[labels])
        offset += count
    return result


def best_of_tree(parents: list[int], own: list[float]) -> list[bool]:
    """Return which of the nodes of a tree, the root first, are taken so that the sum is largest."""
    inner = [0.0] * len(own)
    for number in range(len(own) - 1, -1, -1):
        if parents[number] >= 0:
            inner[parents[number]] += max(inner[number], own[number])
    closed, chosen = [False] * len(own), [False] * len(own)
    for number, parent in enumerate(parents):
        is_open = parent < 0 or not closed[parent]
        chosen[number] = is_open and own[number] >= inner[number] and own[number] > 0
        closed[number] = not is_open or chosen[number]
    return chosen


def grown(seeds: Array, height: Array, lowest: float) -> Array:
    """Let regions grow to half of their mean, and fill what they enclose."""
    count = int(seeds.max())
    sums = np.bincount(seeds.ravel(), height.ravel(), count + 1)
    means = sums / np.maximum(np.bincount(seeds.ravel(), minlength=count + 1), 1)
    basins = segmentation.watershed(-height, seeds, mask=height > lowest)
    basins[height <= 0.5 * means[basins]] = 0
    result = np.zeros(seeds.shape, np.int32)
    places: Any = ndimage.find_objects(basins, max_label=count)
    for number, place in enumerate(places, 1):
        if place is None:
            continue
        pieces, several = ndimage.label(ndimage.binary_fill_holes(basins[place] == number))
        if several > 1:
            pieces = pieces == 1 + np.argmax(np.bincount(pieces.ravel())[1:])
        here = result[place]
        here[(pieces > 0) & (here == 0)] = number
    return result


def parted(labels: Array, least: float) -> Array:
    """Part objects at their necks where ellipses fit the parts better."""
    areas, fits = fits_of(labels, int(labels.max()))
    values = worth(areas, fits)
    result = np.zeros_like(labels)
    last = 0
    places: Any = ndimage.find_objects(labels)
    for number, place in enumerate(places, 1):
        if place is None:
            continue
        inside = labels[place] == number
        parts = inside.astype(np.int32)
        if fits[number - 1] < 0.97 and areas[number - 1] > 2 * least:
            parts = at_necks(inside, least, values[number - 1])
        result[place][inside] = parts[inside] + last
        last += int(parts.max())
    return result


def at_necks(inside: Array, least: float, whole: float) -> Array:
    """Return the parts of an object if they are worth more than it."""
    padded = np.pad(inside, 1)
    far = ndimage.gaussian_filter(ndimage.distance_transform_edt(padded), 0.5) * padded
    marks, count = ndimage.label(h_maxima(far, 0.15 * far.max()) & padded, np.ones((3, 3)))
    if count > 1:
        parts = segmentation.watershed(-far, marks, mask=padded)[1:-1, 1:-1].astype(np.int32)
        areas, fits = fits_of(parts, count)
        large = areas >= least
        if large.sum() > 1 and worth(areas, fits)[large].sum() > whole:
            return parts
    return inside.astype(np.int32)


def believed(labels: Array, height: Array, ground: Array, least: float) -> Array:
    """Return labels without specks and what the ground's own grain may be."""
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    falling = np.sort(sizes)[::-1]
    usual = falling[np.searchsorted(np.cumsum(falling), falling.sum() / 2)]
    level = np.median(ground)
    spread = 1.4826 * np.median(np.abs(ground - level))
    means = np.bincount(labels.ravel(), height.ravel()) / np.maximum(sizes, 1)
    kept = (sizes >= max(0.1 * usual, least)) & (means - level >= 3 * spread)
    kept[0] = False
    numbers = np.where(kept, np.cumsum(kept), 0).astype(np.int32)
    return numbers[labels]


def plausibility(labels: Array, values: Array) -> dict[str, float]:
    """Return numbers by which an answer is believed or not."""
    sizes = np.bincount(labels.ravel())
    sums = np.bincount(labels.ravel(), values.ravel())
    objects = sizes[1:]
    falling = np.sort(objects)[::-1]
    usual = falling[np.searchsorted(np.cumsum(falling), objects.sum() / 2)]
    ground = values[labels == 0]
    level = np.median(ground)
    spread = 1.4826 * np.median(np.abs(ground - level))
    apart = sums[1:] / objects - level
    return {
        "objects": len(objects),
        "diameter": math.sqrt(4 / math.pi * usual),
        "covered": 1 - sizes[0] / labels.size,
        "specks": np.mean(objects < 0.1 * usual),
        "contrast": np.median(np.abs(apart)) / spread,
        "brighter": np.mean(apart > 0),
    }


def doubtful(images: pd.DataFrame) -> pd.Series[bool]:
    """Return which micrographs cannot be believed, by themselves or beside the others."""
    doubt = (images["covered"] > 0.8) | (images["specks"] > 0.5) | (images["diameter"] < 5)
    doubt |= (images["contrast"] < 4) | images["brighter"].between(0.2, 0.8, inclusive="neither")
    least = {"objects": 0.3, "diameter": 0.15, "covered": 0.05, "contrast": 0.3}
    for column, smallest in least.items() if len(images) >= 5 else ():
        values = images[column] if column == "covered" else np.log(images[column])
        far = (values - values.median()).abs()
        doubt |= far > 3.5 * max(1.4826 * far.median(), smallest)
    return doubt


# --- the script -----------------------------------------------------------------------------------

_STEPS: dict[str, Callable[[Array], tuple[Array, dict[str, float]]]] = {
    "threshold": by_threshold,
    "regions": by_regions,
}


def work_on(work: tuple[str, Path, Path, bool]) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Find and measure the nuclei of a micrograph; write labels and, if shown, an overlay."""
    steps, path, out, shown = work
    image = imread(path)
    grey = image.astype(np.float32)
    labels, row = _STEPS[steps](grey)
    imsave(out / f"{path.stem}.tif", labels, check_contrast=False)
    if shown:
        overlay = segmentation.mark_boundaries(image, labels, color=(1, 0.8, 0))
        overlay = (255 * overlay).astype(np.uint8)
        imsave(out / f"{path.stem}.png", overlay, check_contrast=False)
    table = pd.DataFrame(measure.regionprops_table(labels, grey, properties=_COLUMNS))
    table.insert(0, "image", path.stem)
    return table, {"image": path.stem, "count": len(table), **row}


def write_page(out: Path, images: pd.DataFrame, objects: pd.DataFrame, shown: list[str]) -> None:
    """Write the page, which shows a histogram, the first overlays and the table of micrographs."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5, 3), layout="constrained")
    axes = figure.subplots()
    axes.hist(objects["area"], bins=40)
    axes.set(xlabel="area / px", ylabel="objects", title="Distribution of area")
    figure.savefig(out / "area.svg")
    pictures = "".join(
        f'<figure><img src="{escape(name)}.png" alt=""><figcaption>{escape(name)}</figcaption>'
        "</figure>"
        for name in shown
    )
    page = f"<!doctype html><title>Nuclei</title><h1>{len(objects):,} nuclei</h1>"
    page += f'<img src="area.svg" alt="">{pictures}{images.head(200).to_html(index=False)}'
    (out / "report.html").write_text(page, encoding="utf-8")


def main(steps: str, folder: Path, out: Path) -> None:
    """Segment, measure and show all pictures of a folder."""
    out.mkdir()
    paths = sorted(folder.glob("*.png"))
    work = [(steps, path, out, number < _SHOWN) for number, path in enumerate(paths)]
    with Pool(min(len(work), os.cpu_count() or 1)) as pool:
        done = pool.map(work_on, work)
    images = pd.DataFrame([row for _, row in done])
    objects = pd.concat([table for table, _ in done])
    if steps == "regions":
        images["doubtful"] = doubtful(images)
    images.to_csv(out / "images.csv", index=False)
    objects.to_csv(out / "objects.csv", index=False)
    write_page(out, images, objects, [path.stem for path in paths[:_SHOWN]])


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
