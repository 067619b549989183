"""Parameters of models by the conventions of scikit-learn, without importing it."""

from __future__ import annotations

import inspect
from typing import Any, Self

from graticule.core.errors import ParameterError, RequestError, suggest


class Params:
    """Parameters are the arguments of the constructor, kept as attributes of their names.

    Subclasses work with `sklearn.base.clone` and with searches over parameters.
    """

    @classmethod
    def _names(cls) -> tuple[str, ...]:
        parameters = inspect.signature(cls.__init__).parameters
        return tuple(name for name in parameters if name != "self")

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
        defaults = inspect.signature(type(self).__init__).parameters
        shown = []
        for name in self._names():
            value, default = getattr(self, name), defaults[name].default
            if value is not default and value != default:
                shown.append(f"{name}={value!r}")
        return f"{type(self).__name__}({', '.join(shown)})"


def not_fitted(model: object) -> RequestError:
    """Return the error of a model that is asked before it was fitted."""
    return RequestError(
        f"this {type(model).__name__} has not been fitted", hint="call fit(images, labels) first"
    )
