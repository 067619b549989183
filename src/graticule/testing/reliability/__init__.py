"""Reliability, tried: nothing crashes, nothing is lost, in thousands of trials.

A **row** is one promise, as A1: "damaged files end in an image or a typed error". It is a function
that yields **trials** (`graticule.testing.trial.Trial`), each with one **outcome**; the row is
reached when it had trials and none ended in a fault. Rows are found: each public module of
`graticule.testing.reliability.rows` holds functions decorated with `row.row`, so that adding a row
is adding one file::

    @row("A2", "a run killed at any moment ends, called again, in the same bytes")
    def kills(effort: Effort) -> Iterator[Trial]:
        for number in range(effort.count(full=500, quick=20)):
            rng = random.Random(f"{effort.seed} {number}")
            same, said = _survives(rng, effort)
            yield Trial("kill of a run", f"--only {number}", "right" if same else "wrong", said)

A row yields its trials as they end, for they are counted and told while it runs; what it needs a
folder for it makes with `tempfile` and removes; the files of faults go to ``effort.keep``. It
depends on ``effort.seed`` alone, so that the same seed tries the same. For work that may crash,
hang or take all memory there is `graticule.testing.children.in_children`; for damaged files there
is `graticule.testing.attack`.

From the command line::

    python -m graticule.testing.reliability --quick             # all rows, two minutes
    python -m graticule.testing.reliability --rows A1 A3        # these, in full
    make bench-reliability                                      # all, an hour

The figures go to a JSON file with the date, the versions and the kind of machine; rows of the
same machine that are not measured now stay in it. ``docs/reliability.json`` is the committed one,
and ``docs/reliability.md`` shows it.
"""
