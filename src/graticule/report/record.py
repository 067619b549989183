"""What ``run.json`` says, with a default for all that an early end may have left out."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from graticule.core.errors import StoreError
from graticule.report.wording import file_of


def null_as_text(value: Any) -> Any:
    """Return the text of a name; YAML reads the bare word ``null`` as nothing."""
    return "null" if value is None else value


Name = Annotated[str, BeforeValidator(null_as_text)]
Facts = Annotated[dict[str, Any], BeforeValidator(lambda value: {} if value is None else value)]


class _RecordModel(BaseModel):
    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=True, frozen=True)

    @field_validator("*", mode="before")
    @classmethod
    def _null_as_empty(cls, value: Any, info: ValidationInfo) -> Any:
        """Return an empty list or mapping for ``null`` where one is expected."""
        field = cls.model_fields[str(info.field_name)]
        empty = field.default_factory in (list, dict) and value is None
        return field.get_default(call_default_factory=True) if empty else value


Model = TypeVar("Model", bound=_RecordModel)


class Trouble(_RecordModel):
    """Why an image failed."""

    kind: str = "error"
    what: str = ""
    where: str | None = ""
    hint: str | None = ""


class ImageRecord(_RecordModel):
    """What became of one image."""

    image: str
    path: str = ""
    sha256: str | None = ""
    status: str = "done"
    error: Trouble | None = None
    seconds: float | None = None
    cached: bool | int | list[Any] | None = None
    notes: list[str] = Field(default_factory=list)


class FileFacts(_RecordModel):
    """What a file that a parameter names says of itself, as a model."""

    file: str = ""
    sha256: str = ""
    kind: str = ""
    description: str | None = ""
    classes: list[str] = Field(default_factory=list)
    values: list[int] = Field(default_factory=list)
    data: list[Facts] = Field(default_factory=list)
    scores: Facts = Field(default_factory=dict)

    @property
    def name(self) -> str:
        """The file's name and the start of its hash."""
        return file_of(self.file, self.kind, self.sha256)

    @property
    def named(self) -> dict[int, str]:
        """Names of the classes by the value of each."""
        return dict(zip(self.values, self.classes, strict=False))


class StepFacts(_RecordModel):
    """What a step was and what it took."""

    op: str = ""
    version: str = ""
    summary: str | None = ""
    params: Facts = Field(default_factory=dict)
    about: dict[str, FileFacts] = Field(default_factory=dict)
    seconds: float | None = None
    scope: str | None = ""
    tiles: int | None = None
    left_out: bool | None = False

    @property
    def shown(self) -> dict[str, Any]:
        """The parameters, with files by their names."""
        return {**self.params, **{key: file.name for key, file in self.about.items()}}


class CheckFacts(_RecordModel):
    """What a check looked at, and what it said of the study as a whole."""

    check: str = ""
    of: str | None = ""
    at: str | None = ""
    against: str | None = ""
    params: Facts = Field(default_factory=dict)
    study: Facts = Field(default_factory=dict)


class RunRecord(_RecordModel):
    """The whole of ``run.json``."""

    version: str = ""
    pipeline: Facts = Field(default_factory=dict)
    key: str | None = ""
    text: str | None = ""
    changed: dict[str, Facts] = Field(default_factory=dict)
    explained: Facts = Field(default_factory=dict)
    skipped: list[Facts] = Field(default_factory=list)
    notes: list[str] = Field(default_factory=list)
    troubles: Facts = Field(default_factory=dict)
    command: list[str] = Field(default_factory=list)
    started: str | None = ""
    seconds: float | None = None
    images: list[dict[str, Any]] = Field(default_factory=list)
    steps: dict[str, StepFacts] = Field(default_factory=dict)
    checks: dict[Name, CheckFacts] = Field(default_factory=dict)
    versions: Facts = Field(default_factory=dict)
    machine: Facts = Field(default_factory=dict)
    seeds: Facts = Field(default_factory=dict)
    units: Facts = Field(default_factory=dict)
    memory: Facts = Field(default_factory=dict)

    @property
    def title(self) -> str:
        """Name of the pipeline."""
        return str(self.pipeline.get("name") or "Run")

    @cached_property
    def failed(self) -> list[dict[str, Any]]:
        """The images that were set aside."""
        return [image for image in self.images if image.get("status") == "failed"]

    @property
    def done(self) -> int:
        """How many images went through."""
        return len(self.images) - len(self.failed)

    def column(self, check: str, name: str, columns: Sequence[str]) -> str | None:
        """Return the column of the images' table that holds what a check says; None if none.

        It has the check's name in front where two are of one kind, or where it was taken.
        """
        prefixed = f"{check}_{name}"
        if prefixed in columns:
            return prefixed
        kind = self.checks[check].check
        alone = sum(other.check == kind for other in self.checks.values()) == 1
        return name if alone and name in columns else None

    def unit(self, table: str, column: str) -> str:
        """Return the unit of a column, ``""`` where it has none or that is 1."""
        units = self.units.get(table)
        unit = str(units.get(column) or "") if isinstance(units, dict) else ""
        return "" if unit == "1" else unit


def read_record(path: Path) -> RunRecord:
    """Return what a ``run.json`` says; raise `StoreError` if it is absent, no JSON or no record."""
    hint = "name the folder given to `graticule run` with -o"
    try:
        content = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise StoreError("there is no run.json", where=str(path.parent), hint=hint) from None
    except (OSError, ValueError, RecursionError) as error:
        raise StoreError(f"run.json cannot be read: {error}", where=str(path)) from None
    return _validated(RunRecord, content, "run.json")


def image_records(images: Sequence[Mapping[str, Any]]) -> list[ImageRecord]:
    """Return what became of some images, of a million only those that are shown.

    Raise `StoreError` if the record says something of the wrong type.
    """
    return [_validated(ImageRecord, image, "run.json: images") for image in images]


def _validated(model: type[Model], content: object, where: str) -> Model:
    try:
        return model.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        location = ".".join(str(part) for part in first["loc"])
        raise StoreError(f"{location}: {first['msg']}", where=where) from None
