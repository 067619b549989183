"""``graticule evaluate``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from graticule.core.errors import RequestError


def evaluate(
    result: Path,
    /,
    *,
    truth: Path,
    kind: Literal["mask", "labels", "scores"] | None = None,
    of: str | None = None,
    confidence: float = 0.95,
    out: Annotated[Path, Parameter(name=["--out", "-o"])] = Path("evaluation"),
) -> int:
    """Measure how good results are: masks, labels or scores against their truth.

    Masks are judged sample by sample (Dice, precision, recall, distance of outlines), labels
    object by object (AP at an overlap of one half and more, panoptic quality, count error),
    scores over all thresholds (areas under ROC and precision-recall). Every number has an
    interval: over the images of a study, or over blocks of a single image.

    Files in folders belong together by name: a.png with a.tif, or with a_mask.png. What has no
    partner is named. Exit status: 0 all judged, 1 some were not, 2 wrong request.

    Examples: graticule evaluate mask.png --truth manual.png;
    graticule evaluate predictions/ --truth masks/ -o out;
    graticule evaluate out/ --truth labels/ --of kept   (out: a folder of graticule run)

    Parameters
    ----------
    result
        A file, a folder of files, or a run folder.
    truth
        Its truth: a file, a folder with a file for each result, or a run folder.
    kind
        What the results are; by default their values show it. Of whole numbers, --kind mask takes
        all that is not 0 as object; --kind scores takes larger values as more likely object.
    of
        The output to judge of a run folder that wrote several.
    confidence
        Part of resampled means within an interval.
    out
        Folder for evaluation.html, evaluation.csv (a row for each image) and summary.csv.
    """
    from graticule.cli.show import progress_bar, table_of, tell_of_compilation
    from graticule.report.evaluation.judged import judge
    from graticule.report.evaluation.page import answer, page
    from graticule.report.evaluation.pairs import pairs
    from graticule.report.html import save

    if not 0 < confidence < 1:
        raise RequestError(f"--confidence must be between 0 and 1, not {confidence}")
    found = pairs(result, truth, of=of)
    tell_of_compilation()
    with progress_bar("evaluate") as progress:
        judged = judge(found.found, kind=kind, confidence=confidence, progress=progress)
    missing = [f"{name} has no truth" for name in found.no_truth]
    missing += [f"{name} is a truth without a result" for name in found.no_result]
    title = f"{result.name or result} against {truth.name or truth}"
    text = page(judged, title, command=["graticule", *sys.argv[1:]], missing=missing)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RequestError(f"cannot make the folder: {error.strerror}", where=str(out)) from None
    save(judged.rows.to_csv(index=False, lineterminator="\n"), out / "evaluation.csv")
    save(judged.summary.to_csv(index=False, lineterminator="\n"), out / "summary.csv")
    save(text, out / "evaluation.html")
    table_of(judged.rows)
    if len(judged.rows) > 1:
        table_of(judged.summary, title="over the images")
    print(*answer(judged), sep="\n")
    for name, why in judged.failed.items():
        print(f"failed: {name}: {why}", file=sys.stderr)
    for sentence in missing:
        print(f"missing: {sentence}", file=sys.stderr)
    print(f"-> {out / 'evaluation.html'}")
    return 1 if judged.failed or missing else 0
