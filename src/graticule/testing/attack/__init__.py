"""Attack on files: good small files of every format, damaged on purpose, and read.

Every registered format is attacked, a plug-in's too. Its good files are written with the format
itself and damaged as any bytes can be (`damage`), unless there is a **mutator** of the format: one
module of `graticule.testing.attack.mutators`, found by the format's name, that brings good files
of its own and ways to damage them that know how the format is built.

Each damaged file is read whole, as a user would: opened, its axes, notes and values taken, its
contents listed (`look`). That is done in a child process with a limit of time and of memory
(`graticule.testing.children`). A **trial** ends with one **outcome** of
`graticule.testing.trial`: ``read``, ``typed error``, or a fault: ``untyped error``, ``hang``,
``crash``, ``too much memory``. The bytes of a file at fault are kept.

From the command line::

    python -m graticule.testing.attack FITS --trials 2000 --seed 1 --keep faults
    python -m graticule.testing.attack FITS --seed 1 --only 1234 --keep faults   # that one again
    python -m graticule.testing.attack --file faults/FITS-1234.fits              # a kept file

The same seed makes the same files. The row A1 of `graticule.testing.reliability` is this attack.

A mutator is a module like this one::

    def _seeds(folder: Path) -> None:
        np.save(folder / "plain.npy", np.zeros((4, 6)))

    def _longer_header(draw: Draw, files: Files) -> Files | None:
        [(name, content)] = files.items()
        return {name: content[:8] + draw.turn(LENGTHS) + content[10:]}

    MUTATOR = Mutator("NumPy", _seeds, {"header": Way(_longer_header, weight=4)})

A way takes all files of one image (one, or those of a folder by their relative path) and returns
them damaged, or None where there is nothing to damage so. `Draw` is a `random.Random` that also
knows the number of the trial: ``draw.turn(options)`` goes through options one after the other, so
that hostile values can be tried systematically. The general ways are tried too, always.
"""
