"""What of a classifier is chosen in a page, and the training document that says it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from graticule.web.layers import template_of

if TYPE_CHECKING:
    from graticule.learn.document.document import TrainingDocument

Estimator = Literal["forest", "extra_trees", "boosting", "neighbours", "logistic", "linear"]


class Settings(BaseModel):
    """What of a classifier is chosen in a page; its training document says it.

    Attributes
    ----------
    estimator : str
        What learns.
    sigmas : list of float or str
        Widths at which it looks around a sample: in samples, or with a unit.
    max_samples : int
        Painted samples that it learns from, at most.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    estimator: Estimator = "forest"
    sigmas: Annotated[list[int | float | str], Field(min_length=1, max_length=12)] = [1, 2, 4, 8]
    max_samples: Annotated[int, Field(ge=100, le=1_000_000)] = 20_000

    def text(self, name: str, layer: str, classes: Mapping[int, str]) -> str:
        """Return the training document that says so."""
        names = ", ".join(f"{value}: {_flow(called)}" for value, called in classes.items())
        named = f"classes: {{{names}}}\n" if names else ""
        method = {
            "features": {"sigmas": list(self.sigmas)},
            "estimator": self.estimator,
            "max_samples": self.max_samples,
        }
        return (
            f"graticule: 1\nname: {name}\ndescription: Learned from what was painted.\n"
            f"inputs: {{labels: {{path: {_flow(template_of(layer))}}}}}\nlabels: classes\n{named}"
            f"methods:\n  painted: {_flow(method)}\n"
        )

    @classmethod
    def of(cls, training: TrainingDocument) -> Settings:
        """Return what a training document says, as far as it can be chosen in a page."""
        options = training.methods[training.train].options
        given = {"sigmas": options.get("features", {}).get("sigmas"), **options}
        return cls.model_validate({key: given[key] for key in cls.model_fields if given.get(key)})


def _flow(value: Any) -> str:
    """Return plain data as YAML in one line."""
    return json.dumps(value, ensure_ascii=False)
