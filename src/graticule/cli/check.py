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
            found = Pipeline.load(folder / "pipeline.yaml")
            print(f"{name:12} {found.description.strip().partition(chr(10))[0]}")
        return 0
    found = Pipeline.load(pipeline_path(pipeline))
    print(f"{found.name}: sound ({found.source})")
    for name, spec in found.inputs.items():
        print(f"  input  {name}{f' [{chr(32).join(spec.dims)}]' if spec.dims else ''}")
    for name, step in found.steps.items():
        wires = ", ".join(str(wire) for wire in step.inputs if wire is not None)
        print(f"  step   {name} = {step.op.name}({wires})  {_text(step)}")
    for name, check_step in found.checks.items():
        print(f"  check  {name} = {check_step.check.name} of {check_step.of} at {check_step.at}")
    print(f"  output {', '.join(map(str, found.outputs))}")
    return 0


def _text(step: object) -> str:
    from graticule.pipeline.spec import Step

    assert isinstance(step, Step)
    values = step.op.parameters.canonical(step.params)
    return " ".join(f"{name}={value}" for name, value in values.items())
