"""``graticule check``."""

from __future__ import annotations


def check(pipeline: str | None = None, /) -> int:
    """Check a pipeline without running it, and show its steps; list the recipes if none is named.

    Every fault is named at once, with file, line and path. Exit status: 0 sound, 2 faulty.

    Parameters
    ----------
    pipeline
        A YAML file, or the name of a recipe.
    """
    from graticule.pipeline import Pipeline
    from graticule.recipes import pipeline_path, recipes

    if pipeline is None:
        for name, folder in recipes().items():
            description = Pipeline.load(folder / "pipeline.yaml").description
            print(f"{name:12} {description.strip().partition(chr(10))[0]}")
        return 0
    loaded = Pipeline.load(pipeline_path(pipeline))
    print(f"{loaded.name}: sound ({loaded.source})")
    for name, spec in loaded.inputs.items():
        print(f"  input  {name}{f' [{chr(32).join(spec.dims)}]' if spec.dims else ''}")
    for name, step in loaded.steps.items():
        wires = ", ".join(str(wire) for wire in step.inputs if wire is not None)
        values = step.op.parameters.canonical(step.params).items()
        shown = " ".join(f"{key}={value}" for key, value in values)
        print(f"  step   {name} = {step.op.name}({wires})  {shown}")
    for name, check_step in loaded.checks.items():
        print(f"  check  {name} = {check_step.check.name} of {check_step.of} at {check_step.at}")
    print(f"  output {', '.join(map(str, loaded.outputs))}")
    for name in sorted(loaded.unused):
        print(f"  note   {name} feeds no output, check or figure: a run leaves it out")
    return 0
