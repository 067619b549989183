"""``graticule simulate``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

_MANY = Parameter(negative=(), consume_multiple=False)


def simulate(
    kind: str | None = None,
    /,
    *,
    count: Annotated[int, Parameter(name=["--count", "-n"])] = 20,
    out: Annotated[Path, Parameter(name=["--out", "-o"])] = Path("simulated"),
    seed: int = 0,
    set_: Annotated[list[str] | None, Parameter(name="--set", negative=()), _MANY] = None,
) -> int:
    """Simulate images with their truth, to train and to test with.

    The folder gets images/ and labels/ with files of the same names, what else is known of
    them, samples.csv, parameters.json and a README. The same seed gives the same images. Without
    a kind, the kinds and their parameters are listed.

    Examples: graticule simulate roots -n 20 -o roots --set growth.count=2..5;
    graticule simulate radiograph -n 8 -o spots --set camera.flux=200..8000;
    graticule simulate cells -n 4 -o cells --set "shape=[32, 128, 128]" --set step=2;
    graticule simulate galaxies -n 100 -o galaxies --set radius=8..20;
    graticule simulate tof -n 1 -o cube --set beam.flux=50

    Try: graticule simulate; graticule simulate nuclei -n 2 -o fields

    Parameters
    ----------
    kind
        cells, dividing_cells (films), galaxies, nuclei, radiograph (with bright outlier spots),
        roots or tof (neutron time of flight: pieces of metal with Bragg edges).
    count
        How many images.
    out
        Folder for them; must be empty or absent.
    seed
        Of everything that is drawn.
    set_
        name=value of a parameter; low..high draws it anew for each image; repeated for more.
    """
    from graticule.cli.console import progress_bar
    from graticule.cli.options import parse_assignment
    from graticule.simulate.dataset import kinds, parameters_of, write_samples

    if kind is None:
        for name in kinds():
            print(f"{name:12} {', '.join(parameters_of(name))}")
        return 0
    parameters = dict(parse_assignment(text) for text in set_ or ())
    with progress_bar(f"simulate {kind}") as progress:
        folder = write_samples(
            kind, count, out, seed=seed, parameters=parameters, progress=progress
        )
    print(f"{count} images with their truth -> {folder}")
    return 0
