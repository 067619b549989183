"""The contract of checks: a suite for pytest, for ours and for those of plugins.

A check is tried on a `Subject`, which `mask_subject`, `labels_subject`, `score_subject` and
`statistic_subject` make; a check that looks at something else brings its own.
"""

from __future__ import annotations

import inspect
import io
import json
import pickle
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from graticule.core import Check, Evidence, Subject, as_image
from graticule.core.errors import GraticuleError, ParameterError
from graticule.core.registry import check_names, get_check
from graticule.testing.compare import difference
from graticule.testing.hostile import bad_parameters
from graticule.testing.images import blobs

SubjectMaker = Callable[[int], Subject]


def score_subject(seed: int) -> Subject:
    """Return probabilities against a true mask.

    Examples
    --------
    >>> subject = score_subject(0)
    >>> float(subject.value.max()) <= 1, subject.against.dtype
    (True, dtype('bool'))
    """
    image = blobs((48, 64), count=6, seed=seed)
    true = image.values > 0.4
    noisy = image.values + 0.2 * np.random.default_rng(seed).normal(size=image.shape)
    return Subject(
        value=image.copy(data=1 / (1 + np.exp(8 * (0.4 - noisy)))),
        image=image,
        rerun=lambda other: other,
        against=image.copy(data=true),
    )


def mask_subject(seed: int) -> Subject:
    """Return a mask against a true one."""
    subject = score_subject(seed)
    return replace(subject, value=subject.value > 0.6, rerun=lambda image: image > 0.4)


def labels_subject(seed: int) -> Subject:
    """Return labels against true ones."""
    from scipy import ndimage

    def label(mask: xr.DataArray) -> xr.DataArray:
        return mask.copy(data=ndimage.label(mask.values)[0].astype(np.int32))

    subject = mask_subject(seed)
    return replace(
        subject,
        value=label(subject.value),
        rerun=lambda image: label(image > 0.4),
        against=label(subject.against),
    )


def statistic_subject(seed: int) -> Subject:
    """Return a number that an analysis gives of an image of time and distance."""

    def rerun(image: xr.DataArray) -> float:
        rolled = [np.roll(image.values[:, d], -d) for d in range(image.shape[1])]
        return float(np.max(np.mean(rolled, axis=0)))

    values = np.random.default_rng(seed).normal(size=(40, 20))
    values[np.arange(20) + 10, np.arange(20)] += 3
    image = as_image(values, dims=("time", "distance"))
    return Subject(rerun(image), image, rerun)


class CheckContract:
    """The suite; every test is one promise, tried on every check.

    Attributes
    ----------
    names : sequence of str or None
        The checks; by default all that are registered.
    subjects : mapping
        What a check is tried on, made from a seed: `mask_subject` for those that are not here.
    params : mapping
        Parameters by the check's name, as fewer surrogates.
    """

    names: ClassVar[Sequence[str] | None] = None
    subjects: ClassVar[Mapping[str, SubjectMaker]] = {}
    params: ClassVar[Mapping[str, Mapping[str, Any]]] = {}

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Parametrise over the checks."""
        if "name" in metafunc.fixturenames:
            metafunc.parametrize("name", check_names() if self.names is None else self.names)

    def subject(self, name: str, seed: int = 0) -> Subject:
        """Return what a check is tried on."""
        return self.subjects.get(name, mask_subject)(seed)

    def evidence(self, name: str, seed: int = 0) -> Evidence:
        """Return what a check finds there."""
        return get_check(name)(self.subject(name, seed), **self.params.get(name, {}))

    def rows(self, name: str, count: int) -> pd.DataFrame:
        """Return the rows of a study of some images."""
        rows = [dict(self.evidence(name, seed).columns) for seed in range(count)]
        return pd.DataFrame(rows, index=pd.RangeIndex(3, 3 + 2 * count, 2))

    def conclude(self, name: str, rows: pd.DataFrame) -> pd.DataFrame:
        """Return the rows with what the study as a whole adds."""
        check = get_check(name)
        return check.conclude(rows, check.parameters.validate(self.params.get(name, {})))

    def test_the_docstring_says_all(self, name: str) -> None:
        """Numpydoc sections and every parameter."""
        text = inspect.cleandoc(get_check(name).__doc__ or "")
        for section in ("Parameters", "Returns"):
            assert f"{section}\n{'-' * len(section)}" in text, f"no section {section}"
        head = text.partition("Returns\n")[0]
        for word in get_check(name).parameters.names:
            assert re.search(rf"^(\w+, )*{word}(, \w+)* : ", head, re.MULTILINE), word

    def test_it_can_be_pickled(self, name: str) -> None:
        """A check goes to another process and is the same check there."""
        assert pickle.loads(pickle.dumps(get_check(name))) is get_check(name)  # noqa: S301

    def test_parameters_survive_the_round_trip(self, name: str) -> None:
        """What is written of parameters reads back to the same, and the form has its titles."""
        parameters = get_check(name).parameters
        validated = parameters.validate(self.params.get(name, {}))
        written = json.loads(json.dumps(parameters.canonical(validated)))
        assert parameters.validate(written) == validated
        properties = parameters.schema().get("properties", {})
        assert all(properties[each].get("title") for each in parameters.names)

    def test_bad_parameters_are_named(self, name: str) -> None:
        """A value of the wrong type, out of range, unknown or NaN is an error that names it."""
        check, subject = get_check(name), self.subject(name)
        for parameter, value in bad_parameters(check.parameters):
            with pytest.raises(ParameterError, match=parameter):
                check(subject, **{**self.params.get(name, {}), parameter: value})

    def test_the_same_subject_gives_the_same_evidence(self, name: str) -> None:
        """Also where random numbers are drawn, which takes a seed; and the subject is untouched."""
        check, subject = get_check(name), self.subject(name)
        before = pickle.dumps((subject.value, subject.image, subject.against))
        one, two = (check(subject, **self.params.get(name, {})) for _ in range(2))
        fault = difference(
            (dict(one.columns), dict(one.arrays)), (dict(two.columns), dict(two.arrays))
        )
        assert not fault, f"{name} made twice: {fault}"
        after = (subject.value, subject.image, subject.against)
        fault = difference(after, pickle.loads(before))  # noqa: S301
        assert not fault, f"{name} changed what it looked at: {fault}"

    def test_evidence_can_be_written(self, name: str) -> None:
        """Columns are numbers, bools and texts; arrays hold numbers and are no pickles."""
        evidence = self.evidence(name)
        assert evidence.columns
        assert not evidence_fault(evidence)

    def test_columns_are_documented(self, name: str) -> None:
        """Each is named under Returns, ``<...>`` standing for what depends on a parameter."""
        rows = self.conclude(name, self.rows(name, 3))
        undocumented = [column for column in rows if not _is_documented(get_check(name), column)]
        assert not undocumented

    def test_the_meaning_is_words_and_measures_are_columns(self, name: str) -> None:
        """What a report says is there, for the parameters as they are."""
        check, params = get_check(name), self.params.get(name, {})
        words = check.meaning(params)
        assert len(words) > 40
        assert not set("{}") & set(words)
        columns = self.evidence(name).columns
        for measure in check.measures(params):
            assert {measure.column, measure.unit_column or measure.column} <= set(columns)
            assert measure.title

    def test_bars_are_columns_with_numbers(self, name: str) -> None:
        """What an image must clear is there; a text that must be empty is a text."""
        check = get_check(name)
        params = check.parameters.validate(self.params.get(name, {}))
        columns = self.evidence(name).columns
        for bar in check.bars(params):
            assert bar.title
            limits = [limit for limit in (bar.at_least, bar.at_most) if limit is not None]
            assert all(isinstance(limit, (int, float)) for limit in limits), bar.column
            assert isinstance(columns[bar.column], (int, float) if limits else str)
            bar.is_cleared(columns[bar.column])

    def test_the_study_keeps_rows_and_columns(self, name: str) -> None:
        """It adds columns, and changes nothing that was there, of one image and of several."""
        for count in (1, 3):
            rows = self.rows(name, count)
            concluded = self.conclude(name, rows.copy())
            assert concluded.index.equals(rows.index)
            fault = difference(concluded[list(rows.columns)], rows)
            assert not fault, f"{name} over {count} images: {fault}"

    def test_empty_and_nan_are_defined(self, name: str) -> None:
        """Evidence or a typed error, no warning, whatever there is to look at."""
        check, params = get_check(name), self.params.get(name, {})
        faults = {
            what: _edge_fault(check, subject, params)
            for what, subject in edge_subjects(self.subject(name))
        }
        wrong = {what: fault for what, fault in faults.items() if fault}
        assert not wrong, f"{name}: {wrong}"

    def test_the_figure_draws_its_own_evidence(self, name: str) -> None:
        """The same bytes for the same evidence, with a caption, under a name of its own."""
        figure = get_check(name).figure
        if figure is None:
            pytest.skip("has no figure")
        from graticule.report.figures import draw_evidence, kinds

        assert figure.name in kinds()
        arrays = {"a check": self.evidence(name).arrays}
        one, two = (draw_evidence(figure, arrays, "an image") for _ in range(2))
        assert one == two
        assert one.caption.endswith(".")


def evidence_fault(evidence: Evidence) -> str:
    """Return in words why evidence cannot be written; an empty text if it can.

    Examples
    --------
    >>> evidence_fault(Evidence({"p": 0.5})), evidence_fault(Evidence({"p": None}))
    ('', 'the column p is a NoneType')
    """
    columns: dict[str, Any] = dict(evidence.columns)
    for key, value in columns.items():
        if not isinstance(value, (bool, int, float, str)):
            return f"the column {key} is a {type(value).__name__}"
    arrays: dict[str, Any] = dict(evidence.arrays)
    for key, array in arrays.items():
        if not isinstance(array, np.ndarray) or array.dtype.kind not in "buif":
            return f"{key} is no array of numbers"
    with io.BytesIO() as stream:
        np.savez(stream, allow_pickle=False, **arrays)
        stream.seek(0)
        with np.load(stream, allow_pickle=False) as file:
            return difference(dict(file), arrays)


def edge_subjects(subject: Subject) -> Iterator[tuple[str, Subject]]:
    """Yield edge cases of a subject, in words: of the answer, of the truth, of the image."""
    value, against = subject.value, subject.against
    if isinstance(value, xr.DataArray):
        nothing = xr.zeros_like(value)
        yield "an empty answer", replace(subject, value=nothing)
        yield "an answer that is everything", replace(subject, value=xr.ones_like(value))
        yield "an answer of NaN", replace(subject, value=xr.full_like(value, np.nan, float))
        if against is not None:
            empty = xr.zeros_like(against)
            yield "an empty truth", replace(subject, against=empty)
            yield "an empty answer and truth", replace(subject, value=nothing, against=empty)
            at = dict.fromkeys(value.dims, slice(0, 1))
            single = replace(subject, value=value.isel(at), against=against.isel(at))
            yield "a single sample", single
            yield "no truth", replace(subject, against=None)
    for what, fill in (("a constant image", 0.0), ("an image of NaN", np.nan)):
        image = xr.full_like(subject.image, fill, float)
        yield what, replace(subject, image=image, value=subject.rerun(image))


def _edge_fault(check: Check, subject: Subject, params: Mapping[str, Any]) -> str:
    try:
        return evidence_fault(check(subject, **params))
    except GraticuleError:
        return ""
    except Exception as error:  # any other exception is the fault that is looked for
        return repr(error)


def _is_documented(check: Check, column: Any) -> bool:
    _, _, returns = inspect.cleandoc(check.__doc__ or "").partition("Returns\n-------\n")
    text = returns.partition("\n\n")[0]
    named = re.split(r",\s+", ", ".join(re.findall(r"``([^`]+)``", text)))
    patterns = [re.sub(r"<.*?>", ".+", re.escape(name)) for name in named]
    base = re.sub(r"(_mean)?(_low|_high)?$", "", str(column))
    return any(re.fullmatch(p, each) for p in patterns for each in (str(column), base))
