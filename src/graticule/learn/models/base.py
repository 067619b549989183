"""What models around an estimator share: parameters, what was fitted, and their state.

Parameters follow the conventions of scikit-learn, which is not imported for them.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Self

from graticule.core.errors import ParameterError, RequestError, suggest
from graticule.learn.data.input_spec import InputSpec
from graticule.learn.data.labels import Class, Classes
from graticule.learn.models.estimators import NAMED
from graticule.learn.models.html import of_model
from graticule.learn.models.model import Model, State
from graticule.learn.models.predictors import Predictor, predictor_from_state, predictor_state


def not_fitted(model: object) -> RequestError:
    """Return the error of a model that is asked before it was fitted."""
    return RequestError(
        f"this {type(model).__name__} has not been fitted", hint="call fit(images, labels) first"
    )


class EstimatorModel:
    """A model that asks a fitted estimator about rows of numbers.

    Parameters are the arguments of the constructor, kept as attributes of their names; models work
    with `sklearn.base.clone` and with searches over parameters.
    """

    estimator: Any
    seed: int
    _expects: InputSpec
    _predictor: Predictor

    @classmethod
    def _names(cls) -> tuple[str, ...]:
        return tuple(inspect.signature(cls).parameters)

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters by name; with ``deep`` also those of an estimator among them."""
        found = {name: getattr(self, name) for name in self._names()}
        for name, value in list(found.items()):
            if deep and hasattr(value, "get_params") and not isinstance(value, type):
                found |= {f"{name}__{key}": part for key, part in value.get_params().items()}
        return found

    def set_params(self, **params: Any) -> Self:
        """Set parameters by name, ``estimator__depth`` being one of the estimator's."""
        for key, value in params.items():
            name, _, rest = key.partition("__")
            if name not in self._names():
                raise ParameterError(
                    "there is no such parameter",
                    where=f"{type(self).__name__}.{name}",
                    hint=suggest(name, self._names()),
                )
            if rest:
                getattr(self, name).set_params(**{rest: value})
            else:
                setattr(self, name, value)
        return self

    def __repr__(self) -> str:
        parameters = inspect.signature(type(self)).parameters.values()
        pairs = [(getattr(self, each.name), each) for each in parameters]
        own = (f"{p.name}={v!r}" for v, p in pairs if v is not p.default and v != p.default)
        return f"{type(self).__name__}({', '.join(own)})"

    def _repr_html_(self) -> str:
        """Return it as a notebook shows it."""
        if not hasattr(self, "_predictor"):
            title = f"{type(self).__name__}, not fitted"
            return of_model(title, {"parameters": self._parameters()}, None)
        assert isinstance(self, Model)
        state = self.state()
        expects = None if state.expects is None else state.expects.to_json()
        return of_model(type(self).__name__, state.card, expects)

    @property
    def expects(self) -> InputSpec:
        """What images it was fitted on."""
        if not hasattr(self, "_expects"):
            raise not_fitted(self)
        return self._expects

    def take_colours(self) -> None:
        """From now on bring images with channels to the one grey it has learned from."""
        self._expects = replace(self.expects, grey=True)

    @property
    def predictor(self) -> Predictor:
        """What gives the answers."""
        if not hasattr(self, "_predictor"):
            raise not_fitted(self)
        return self._predictor

    def _parameters(self) -> dict[str, Any]:
        """Return the parameters as JSON values; an estimator that was handed over by its name."""
        plain = self.get_params(deep=False)
        if not isinstance(plain["estimator"], (str, Mapping)):
            plain["estimator"] = type(plain["estimator"]).__name__
        if hasattr(plain.get("features"), "to_json"):
            plain["features"] = plain["features"].to_json()
        return plain

    def _state(self, card: Mapping[str, Any]) -> State:
        """Return the state of the model; the card has its parameters too."""
        arrays, estimator = predictor_state(self.predictor)
        expects = getattr(self, "_expects", None)
        return State({"parameters": self._parameters(), **card}, arrays, estimator, expects=expects)

    @classmethod
    def _from_state(cls, state: State, classes: int) -> Self:
        """Make the model again, for so many classes (0 for a regressor)."""
        from graticule.learn.features import Features

        parameters = dict(state.card["parameters"])
        if isinstance(parameters.get("features"), Mapping):
            parameters["features"] = Features.from_json(parameters["features"])
        model = cls(**parameters)
        handed_over = isinstance(model.estimator, str) and model.estimator not in NAMED
        if state.estimator is not None and handed_over:
            model.estimator = state.estimator
        if state.expects is not None:
            model._expects = state.expects
        model._predictor = predictor_from_state(state.arrays, state.estimator, classes)
        return model

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Make the model again."""
        return cls._from_state(state, 0)


class EstimatorClassifier(EstimatorModel):
    """A model of classes."""

    _classes: Classes

    @property
    def classes(self) -> Classes:
        """Value and name of each class."""
        if not hasattr(self, "_classes"):
            raise not_fitted(self)
        return self._classes

    def _state(self, card: Mapping[str, Any]) -> State:
        return super()._state({"classes": [[c.value, c.name] for c in self.classes], **card})

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Make the model again."""
        classes = tuple(Class(int(value), str(name)) for value, name in state.card["classes"])
        model = cls._from_state(state, len(classes))
        model._classes = classes
        return model
