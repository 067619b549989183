"""A fitted model written to a file, and opened again."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from graticule.core.errors import FormatError, ParameterError
from graticule.learn.model_file.archive import digest, read_bytes, write_bytes
from graticule.learn.model_file.card import read_entries, to_bytes
from graticule.learn.model_file.kinds import is_known
from graticule.learn.model_file.parameter import ModelFile


def save_model(
    model: Any,
    path: str | Path,
    *,
    example: Any = None,
    scores: Mapping[str, Any] | None = None,
    data: Mapping[str, str] | Sequence[str | Path] | None = None,
    description: str = "",
) -> Path:
    """Write a fitted model to a file that opens next year.

    The same model gives the same bytes. Before the file is there, its bytes have been opened and
    have reproduced what the model says of its test image; what stood at the path before stays
    until then.

    Parameters
    ----------
    model : Model
        A fitted classifier, regressor or network.
    path : path
        By custom it ends with ``.model``.
    example : DataArray or DataFrame, optional
        A small image, or a few rows of a table, like those the model is for; its first samples
        become the test image. By default a part of the training data.
    scores : mapping, optional
        Held-out scores by name: a number, or a mapping with ``value``, ``low`` and ``high``.
    data : mapping or sequence of path, optional
        What the model was trained on: files, whose hashes are kept, or hashes by name.
    description : str
        What it is for.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    ParameterError
        If the model holds what cannot be written down as plain data.
    FormatError
        If the file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> from graticule.learn import Features, PixelClassifier, open_model, save_model
    >>> image = np.pad(np.ones((8, 8)), 8)
    >>> model = PixelClassifier(Features(sigmas=(1,)), "tree").fit(image, image > 0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = save_model(model, f"{folder}/squares.model", scores={"dice": 0.97})
    ...     bool((open_model(file).predict(image) == model.predict(image)).all())
    True
    """
    if not is_known(type(model)):
        raise ParameterError(
            f"{type(model).__name__} is no class that opens model files",
            hint="decorate it with graticule.learn.model_file.register_model",
        )
    try:
        content = to_bytes(
            model, example=example, scores=scores, data=data, description=description
        )
        ModelFile.of_content(content)
    except FormatError as error:
        raise ParameterError(
            f"the model cannot be kept, for what was written {error.what}", hint=error.hint
        ) from None
    target = Path(path)
    write_bytes(target, content)
    return target


def open_model(path: str | Path) -> Any:
    """Open a model file, once it has shown that it is whole and answers as it did.

    Every entry is held against the hash that the card lists, nothing is unpickled, and the model
    must reproduce its answer for the test image in the file. A file that was opened before in
    this process is not verified again: the same model is returned, so do not fit it anew.

    Parameters
    ----------
    path : path
        A file that `save_model` wrote.

    Returns
    -------
    Model
        With ``predict`` and whatever else its kind has.

    Raises
    ------
    FormatError
        If it is no model file, is damaged, or says something else of its test image.
    UnsafeFileError
        If it holds what no model file may hold.

    Examples
    --------
    >>> from graticule.learn import open_model
    >>> open_model("no/such.model")
    Traceback (most recent call last):
        ...
    graticule.core.errors.FormatError: no/such.model: there is no such file
    """
    return ModelFile.open(path).model


def card_of(path: str | Path) -> dict[str, Any]:
    """Return the card of a model file, whose entries are as it says; the model is not made.

    Parameters
    ----------
    path : path
        A file that `save_model` wrote.

    Returns
    -------
    dict
        What the file says of its model (``kind``, ``classes``, what it was fitted on, ...), and the
        ``sha256`` of the whole file.

    Raises
    ------
    FormatError
        If it is no model file, or damaged.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> from graticule.learn import ImageClassifier, save_model
    >>> images = np.zeros((4, 3, 3), np.float32)
    >>> images[2:] = 1
    >>> model = ImageClassifier(estimator="tree").fit(images, [0, 0, 5, 5])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = save_model(model, Path(folder) / "bright.model")
    ...     card_of(path)["kind"], is_model(path)
    ('image-classifier', True)
    """
    content = read_bytes(Path(path))
    try:
        return {**read_entries(content)[0], "sha256": digest(content)}
    except FormatError as error:
        raise error.at(str(path)) from None


def is_model(path: str | Path) -> bool:
    """Whether a file looks like a model file, from its first bytes.

    Parameters
    ----------
    path : path
        Anything; it need not be there.

    Returns
    -------
    bool
        True for a file that begins as a model file does; only `open_model` tells if it is whole.

    Examples
    --------
    >>> import os, skimage
    >>> is_model(os.path.join(skimage.data_dir, "coins.png")), is_model("no/such.model")
    (False, False)
    """
    if not os.path.isfile(path):  # to open a pipe would be to wait for who writes into it
        return False
    try:
        with open(path, "rb") as file:
            head = file.read(39)
    except OSError:
        return False
    return head[:4] == b"PK\x03\x04" and head[30:39] == b"card.json"
