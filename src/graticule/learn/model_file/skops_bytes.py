"""scikit-learn estimators as bytes and back, by skops, with the allowed types fixed here."""

from __future__ import annotations

import io
import json
import re
import warnings
import zipfile
from collections.abc import Iterator
from typing import Any

import numpy as np

from graticule.core.errors import FormatError, GraticuleError, ParameterError, UnsafeFileError
from graticule.learn.model_file.archive import from_npy

ALLOWED = (
    "numpy.dtype",
    "sklearn._loss.loss.HalfTweedieLoss",
    "sklearn._loss.loss.HalfTweedieLossIdentity",
    "sklearn.calibration._CalibratedClassifier",
    "sklearn.calibration._SigmoidCalibration",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.feature_selection._univariate_selection.chi2",
    "sklearn.feature_selection._univariate_selection.f_classif",
    "sklearn.feature_selection._univariate_selection.f_regression",
    "sklearn.gaussian_process._gpc._BinaryGaussianProcessClassifierLaplace",
    "sklearn.gaussian_process.kernels.CompoundKernel",
    "sklearn.gaussian_process.kernels.ConstantKernel",
    "sklearn.gaussian_process.kernels.DotProduct",
    "sklearn.gaussian_process.kernels.Exponentiation",
    "sklearn.gaussian_process.kernels.ExpSineSquared",
    "sklearn.gaussian_process.kernels.Hyperparameter",
    "sklearn.gaussian_process.kernels.Matern",
    "sklearn.gaussian_process.kernels.Product",
    "sklearn.gaussian_process.kernels.RBF",
    "sklearn.gaussian_process.kernels.RationalQuadratic",
    "sklearn.gaussian_process.kernels.Sum",
    "sklearn.gaussian_process.kernels.WhiteKernel",
    "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
    "sklearn.neural_network._stochastic_optimizers.SGDOptimizer",
    "sklearn.tree._tree.Tree",
)
"""Types beyond scikit-learn's public estimators, which skops knows, that a file may hold."""

_REBUILT = ("KDTree", "KDTree64", "KDTree32", "BallTree", "BallTree64", "BallTree32")
_JSON_NULL = {
    "__class__": "str",
    "__module__": "builtins",
    "__loader__": "JsonNode",
    "content": "null",
    "is_json": True,
}
_PARTS = re.compile(r"\d+\.npy|schema\.json")
_ALTERNATIVE = (
    "keep a model of scikit-learn's own estimators, or describe it by arrays in a class with "
    "state and from_state"
)


def dump_estimator(estimator: Any) -> bytes:
    """Return a fitted scikit-learn estimator as bytes, equal for equal estimators.

    Raises
    ------
    ParameterError
        If it holds types that `load_estimator` would refuse.
    """
    import skops.io

    try:
        raw = skops.io.dumps(estimator)
        data = _canonical(raw)
        untrusted = set(skops.io.get_untrusted_types(data=data)) - set(ALLOWED)
    except GraticuleError:
        raise
    except Exception as error:  # skops raises what it meets on objects it does not know
        reason = f"{type(error).__name__}: {str(error)[:160]}"
        raise ParameterError(
            f"{type(estimator).__name__} cannot be written down without pickle ({reason})",
            hint=_ALTERNATIVE,
        ) from None
    if untrusted:
        raise ParameterError(
            f"{type(estimator).__name__} holds types that no model file may hold: "
            f"{', '.join(sorted(untrusted))}",
            hint=_ALTERNATIVE,
        )
    return data


def load_estimator(data: bytes) -> Any:
    """Return the estimator that bytes hold, if all its types are allowed.

    Raises
    ------
    UnsafeFileError
        If it holds other types, or trees that lead out of themselves.
    FormatError
        If it cannot be read by this version of scikit-learn.
    """
    import skops.io

    try:
        _require_plain(data)
        untrusted = set(skops.io.get_untrusted_types(data=data)) - set(ALLOWED)
        if untrusted:
            raise UnsafeFileError(
                f"the estimator holds types that no model file may hold: "
                f"{', '.join(sorted(untrusted))}",
                hint="do not trust it; ask whoever made it for one written by save_model",
            )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of another version; its answer is verified instead
            estimator = skops.io.loads(data, trusted=list(ALLOWED))
            for part in _objects_within(estimator):
                _require_sound_tree(part)
                _rebuild(part)
    except GraticuleError:
        raise
    except Exception as error:  # scikit-learn's own state may not fit, in any way
        reason = f"{type(error).__name__}: {str(error)[:160]}"
        raise FormatError(
            f"the estimator cannot be made again by the scikit-learn installed ({reason})",
            hint="install the versions that the card names, or train again",
        ) from None
    return estimator


def _objects_within(value: Any, _seen: set[int] | None = None) -> Iterator[Any]:
    """Give every object within an estimator, itself first."""
    seen = set() if _seen is None else _seen
    if id(value) in seen or isinstance(value, (str, bytes, int, float, complex, type(None))):
        return
    seen.add(id(value))
    if isinstance(value, np.ndarray) and not value.dtype.hasobject:
        return
    yield value
    if isinstance(value, dict):
        inner: Any = value.values()
    elif isinstance(value, (list, tuple, set, frozenset)):
        inner = value
    elif isinstance(value, np.ndarray):
        inner = value.ravel()
    else:
        inner = list(getattr(value, "__dict__", {}).values())
    for item in inner:
        yield from _objects_within(item, seen)


def _rebuild(part: Any) -> None:
    """Make the search tree of a nearest-neighbour estimator again; it is not in the file."""
    if getattr(part, "_fit_method", None) not in ("kd_tree", "ball_tree"):
        return
    from sklearn.neighbors import BallTree, KDTree

    kind = KDTree if part._fit_method == "kd_tree" else BallTree
    part._tree = kind(
        part._fit_X,
        part.leaf_size,
        metric=part.effective_metric_,
        **(part.effective_metric_params_ or {}),
    )


def _require_plain(data: bytes) -> None:
    """Refuse what could unpack to more than its size, or holds other parts than skops writes."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        infos = archive.infolist()
        plain = all(
            _PARTS.fullmatch(i.filename) and i.compress_type == zipfile.ZIP_STORED for i in infos
        )
        if not plain or sum(i.file_size for i in infos) > len(data):
            raise UnsafeFileError("the estimator's archive holds parts that do not belong")
        for about in infos:
            if about.filename != "schema.json":
                from_npy(archive.read(about), f"{about.filename} of the estimator")


def _canonical(raw: bytes) -> bytes:
    """Return what skops wrote with its memory addresses replaced by running numbers."""
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        held = {name: archive.read(name) for name in archive.namelist()}
    schema = json.loads(held.pop("schema.json"))
    other = [name for name in held if not name.endswith(".npy")]
    if other:
        raise ParameterError(
            f"it holds sparse matrices or binary data ({len(other)} parts)", hint=_ALTERNATIVE
        )
    names: dict[str, str] = {}
    schema = _renumber(schema, {}, names)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name, new in names.items():
            archive.writestr(zipfile.ZipInfo(new), _zero_padding(held[name]))
        archive.writestr(zipfile.ZipInfo("schema.json"), json.dumps(schema, indent=1))
    return out.getvalue()


def _zero_padding(data: bytes) -> bytes:
    """Return an array's bytes with zeros between the fields of a record, where memory is left."""
    array = from_npy(data)
    if array.dtype.names is None:
        return data
    clean = np.zeros(array.size * array.dtype.itemsize, np.uint8)
    records = clean.view(array.dtype).reshape(array.shape)
    for name in array.dtype.names:
        records[name] = array[name]
    return data[: -clean.size or None] + clean.tobytes()


def _renumber(node: Any, ids: dict[int, int], names: dict[str, str]) -> Any:
    if isinstance(node, list):
        return [_renumber(item, ids, names) for item in node]
    if not isinstance(node, dict):
        return node
    if node.get("__class__") in _REBUILT and "__loader__" in node:
        return _JSON_NULL
    plain = {key: _renumber(item, ids, names) for key, item in node.items() if key != "__id__"}
    if isinstance(node.get("file"), str) and node.get("__loader__") == "NdArrayNode":
        plain["file"] = names.setdefault(node["file"], f"{len(names)}.npy")
    if node.get("__loader__") == "SetNode":
        plain["content"].sort(key=json.dumps)
    # what JSON holds is never changed in place, so it does not matter which of them are one
    if "__id__" in node and node.get("__loader__") != "JsonNode":
        plain["__id__"] = ids.setdefault(node["__id__"], len(ids) + 1)
    return plain


def _require_sound_tree(part: Any) -> None:
    """Raise `UnsafeFileError` if an object is a tree of scikit-learn that leads out of itself.

    scikit-learn follows the indices in a tree without looking; wrong ones would read memory that
    is not the tree's.
    """
    kinds = [kind.__name__ for kind in type(part).__mro__]
    if kinds[0] == "Tree":
        _require_tree(part)
    elif kinds[0] == "TreePredictor":
        _require_predictor(part)
    elif "BaseHistGradientBoosting" in kinds and hasattr(part, "_predictors"):
        for predictor in np.ravel(part._predictors):
            inner = predictor.nodes["is_leaf"] == 0
            _require_within(predictor.nodes["feature_idx"][inner], part.n_features_in_)
    elif hasattr(part, "tree_"):
        _require(part.tree_.n_features <= part.n_features_in_)
    elif {"BaseForest", "BaseGradientBoosting"} & set(kinds) and hasattr(part, "estimators_"):
        # these hand samples to their trees without another look at how many features they have
        for tree in np.ravel(part.estimators_):
            _require(tree.n_features_in_ <= part.n_features_in_)


def _require_tree(tree: Any) -> None:
    left, right = np.asarray(tree.children_left), np.asarray(tree.children_right)
    feature = np.asarray(tree.feature)
    count = len(left)
    _require(count == tree.node_count and count > 0 and len(tree.value) == count)
    leaf = left == -1
    _require(bool((leaf == (right == -1)).all()))
    _require_downward(left[~leaf], right[~leaf], np.flatnonzero(~leaf), count)
    _require_within(feature[~leaf], tree.n_features)


def _require_predictor(predictor: Any) -> None:
    nodes = predictor.nodes
    inner = np.flatnonzero(nodes["is_leaf"] == 0)
    _require(len(nodes) > 0)
    left = nodes["left"][inner].astype(np.int64)
    right = nodes["right"][inner].astype(np.int64)
    _require_downward(left, right, inner, len(nodes))
    categorical = inner[nodes["is_categorical"][inner] != 0]
    _require_within(nodes["bitset_idx"][categorical], len(predictor.raw_left_cat_bitsets))
    _require_within(nodes["bitset_idx"][categorical], len(predictor.binned_left_cat_bitsets))


def _require_downward(left: Any, right: Any, own: Any, count: int) -> None:
    """Require that children come after their parent, so that every way down ends."""
    for child in (left, right):
        _require(bool((child > own).all()) and bool((child < count).all()))


def _require_within(index: Any, size: int) -> None:
    whole = np.asarray(index).astype(np.int64)
    _require(bool((whole >= 0).all()) and bool((whole < size).all()))


def _require(good: bool) -> None:
    if not good:
        raise UnsafeFileError(
            "the estimator holds a tree whose nodes lead out of it",
            hint="do not trust it; ask whoever made it for one written by save_model",
        )
