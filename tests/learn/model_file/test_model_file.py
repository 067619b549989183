"""Model files: what is opened is what was saved, or it is refused with a reason."""

from __future__ import annotations

import io
import json
import pickle
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
import skops.io  # noqa: F401  (it looks through all of scikit-learn; not while pickle is gone)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from models import ALL_KINDS, Cut, Learned, Rows, Weighted
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression

from graticule.core import as_image
from graticule.core.errors import FormatError, ParameterError, UnsafeFileError
from graticule.learn.data.input_spec import InputSpec
from graticule.learn.model_file import (
    ModelFile,
    card_of,
    is_model,
    open_model,
    register_model,
    save_model,
)
from graticule.learn.model_file import kinds as _kinds
from graticule.learn.model_file import parameter as _parameter
from graticule.learn.model_file.archive import digest, pack
from graticule.learn.model_file.card import from_bytes
from graticule.learn.model_file.examples import require_same


@pytest.fixture(autouse=True)
def _known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_kinds, "_registered", {})
    for kind in ALL_KINDS:
        register_model(kind)
    forget(monkeypatch)


def forget(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget the models that are open, as another process would not know them."""
    monkeypatch.setattr(_parameter, "_kept", type(_parameter._kept)())
    monkeypatch.setattr(_parameter, "_alive", type(_parameter._alive)())


@pytest.fixture
def content(tmp_path: Path) -> bytes:
    return save_model(Cut(0.25, 2), tmp_path / "cut.model").read_bytes()


def changed(content: bytes, change: Callable[[dict[str, Any], dict[str, bytes]], object]) -> bytes:
    """Return a file with its card and entries changed, hashes and all made to fit."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    card = json.loads(entries.pop("card.json"))
    change(card, entries)
    return pack(card, entries)


def rezipped(content: bytes, method: int = zipfile.ZIP_STORED, **more: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", method) as new:
        for name in old.namelist():
            new.writestr(name, old.read(name))
        for name, data in more.items():
            new.writestr(name, data)
    return out.getvalue()


def test_a_model_comes_back(tmp_path: Path) -> None:
    image = as_image(np.random.default_rng(0).random((20, 30)))
    model = Cut(0.25, 2)
    back = open_model(save_model(model, tmp_path / "a.model"))
    assert back is not model
    assert back == model
    np.testing.assert_array_equal(back.predict(image), model.predict(image))


@settings(
    deadline=None, max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.floats(-1e9, 1e9), st.integers(0, 4))
def test_equal_models_make_equal_files(level: float, radius: int) -> None:
    first, second = ModelFile(Cut(level, radius)), ModelFile(Cut(level, radius))
    other = ModelFile(Cut(level, radius + 1))
    assert first.sha256 == second.sha256 != other.sha256
    assert first.sha256 == ModelFile(from_bytes(first._content)[0]).sha256


def test_a_saved_file_is_the_hash_of_the_model(tmp_path: Path) -> None:
    path = save_model(Cut(), tmp_path / "a.model")
    assert ModelFile(Cut()).sha256 == ModelFile.open(path).sha256 == digest(path.read_bytes())


@settings(
    deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
def test_a_changed_byte_is_refused_or_changes_nothing(content: bytes, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(content) - 1))
    bit = data.draw(st.integers(0, 7))
    damaged = bytearray(content)
    damaged[place] ^= 1 << bit
    try:
        model, card = from_bytes(bytes(damaged))
    except FormatError:
        return
    assert model == Cut(0.25, 2)
    assert card == from_bytes(content)[1]


@settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
def test_a_cut_file_is_refused(content: bytes, data: st.DataObject) -> None:
    with pytest.raises(FormatError):
        from_bytes(content[: data.draw(st.integers(0, len(content) - 1))])


def test_the_card_says_all(tmp_path: Path) -> None:
    np.save(tmp_path / "image.npy", np.eye(3))
    path = save_model(
        Cut(expects=InputSpec(("y", "x"), 0, {"y": (0.5, "um"), "x": (0.5, "um")}, "uint8")),
        tmp_path / "a.model",
        scores={"dice": {"value": np.float32(0.5), "low": 0.25, "high": float("nan")}},
        data=[tmp_path / "image.npy"],
        description="bright cells",
    )
    card = card_of(path)
    assert card["format"] == 1
    assert card["kind"] == "test-cut"
    assert card["description"] == "bright cells"
    assert [about["name"] for about in card["classes"]] == ["background", "object"]
    assert card["expects"]["spacing"] == {"y": [0.5, "um"], "x": [0.5, "um"]}
    assert card["scores"] == {"dice": {"value": 0.5, "low": 0.25, "high": None}}
    assert card["data"] == [
        {"file": "image.npy", "sha256": digest((tmp_path / "image.npy").read_bytes())}
    ]
    assert {"graticule", "numpy", "scikit-learn"} <= set(card["versions"])
    with zipfile.ZipFile(path) as archive:
        assert archive.namelist()[0] == "card.json"
        assert set(archive.namelist()) == {"card.json", *card["entries"]}


def test_weights_and_channels_and_depth_come_back(tmp_path: Path) -> None:
    pytest.importorskip("safetensors")
    assert open_model(save_model(Weighted(3), tmp_path / "w.model")) == Weighted(3)


@pytest.mark.parametrize("dtype", ["bool", "uint8", "float64"])
def test_models_of_any_dtype_have_a_test_image(tmp_path: Path, dtype: str) -> None:
    model = Cut(expects=InputSpec(("y", "x"), dtype=dtype))
    assert open_model(save_model(model, tmp_path / "a.model")) == model


def test_a_small_part_of_the_example_is_kept(tmp_path: Path) -> None:
    image = as_image(np.random.default_rng(0).random((500, 400)), spacing={"x": "2 um"})
    path = save_model(Cut(), tmp_path / "a.model", example=image)
    assert path.stat().st_size < 200_000
    with zipfile.ZipFile(path) as archive:
        kept = np.load(io.BytesIO(archive.read("example/input.npy")))
    np.testing.assert_array_equal(kept, image.values[:64, :64])


def test_a_last_digit_that_sends_few_samples_another_way_does_not_close_a_file() -> None:
    said = {"output": np.ones((64, 64), np.int32), "probability": np.full((64, 64), 0.9)}

    def other(count: int) -> dict[str, Any]:
        found = {name: values.copy() for name, values in said.items()}
        found["output"].flat[:count] = 2
        found["probability"].flat[:count] = 0.1
        return found

    require_same(said, other(8), 1e-4)
    with pytest.raises(FormatError, match="9 of 4096 samples of the output"):
        require_same(said, other(9), 1e-4)
    rows = {"output": np.arange(100)}
    with pytest.raises(FormatError, match="1 of 100"):
        require_same(rows, {"output": np.where(rows["output"] == 7, 0, rows["output"])}, 1e-4)


class TestRefused:
    """What is not as it was saved is not opened."""

    def test_other_answers(self, content: bytes) -> None:
        def change(card: Any, entries: Any) -> None:
            card["model"]["radius"] = 0

        with pytest.raises(FormatError, match="does not say of its test image"):
            from_bytes(changed(content, change))

    def test_other_answers_of_other_versions_say_so(self, content: bytes) -> None:
        def change(card: Any, entries: Any) -> None:
            card["model"]["radius"] = 0
            card["versions"]["numpy"] = "1.2.3"

        with pytest.raises(FormatError, match=r"written with numpy 1\.2\.3 \(here "):
            from_bytes(changed(content, change))

    def test_a_later_format(self, content: bytes) -> None:
        with pytest.raises(FormatError, match="update graticule"):
            from_bytes(changed(content, lambda card, entries: card.update(format=2)))

    def test_an_unknown_kind(self, content: bytes) -> None:
        with pytest.raises(FormatError, match="did you mean pixel-classifier"):
            from_bytes(changed(content, lambda card, entries: card.update(kind="pixel-classifer")))

    @pytest.mark.parametrize("part", ["kind", "model", "example", "expects", "versions"])
    def test_a_card_without_a_part(self, content: bytes, part: str) -> None:
        def change(card: Any, entries: Any) -> None:
            del card[part]
            card.setdefault("model", {})

        if part == "versions":
            assert from_bytes(changed(content, change))[0] == Cut(0.25, 2)
            return
        with pytest.raises(FormatError):
            from_bytes(changed(content, change))

    def test_an_entry_more(self, content: bytes) -> None:
        with pytest.raises(FormatError, match=r"arrays/b\.npy is not listed"):
            from_bytes(rezipped(content, **{"arrays/b.npy": b""}))
        with pytest.raises(UnsafeFileError, match=r"run\.pkl"):
            from_bytes(rezipped(content, **{"run.pkl": b""}))
        with pytest.raises(UnsafeFileError, match="no entry"):
            from_bytes(rezipped(content, **{"arrays/../../b.npy": b""}))

    @pytest.mark.filterwarnings("ignore:Duplicate name")
    def test_an_entry_twice(self, content: bytes) -> None:
        with pytest.raises(UnsafeFileError, match="twice"):
            from_bytes(rezipped(content, **{"card.json": b"{}"}))

    def test_a_bomb(self, content: bytes) -> None:
        with pytest.raises(UnsafeFileError, match="compressed"):
            from_bytes(rezipped(content, zipfile.ZIP_DEFLATED))
        bomb = io.BytesIO()
        np.lib.format.write_array_header_1_0(
            bomb, {"descr": "<f8", "fortran_order": False, "shape": (2**50,)}
        )

        def change(card: Any, entries: Any) -> None:
            entries["arrays/level.npy"] = bomb.getvalue()

        with pytest.raises(FormatError, match="as many bytes"):
            from_bytes(changed(content, change))

    def test_objects_in_an_array(self, content: bytes) -> None:
        pickled = io.BytesIO()
        np.save(pickled, np.array([Path()], object), allow_pickle=True)

        def change(card: Any, entries: Any) -> None:
            entries["arrays/level.npy"] = pickled.getvalue()

        with pytest.raises(UnsafeFileError, match="numbers, bools or texts"):
            from_bytes(changed(content, change))

    def test_zips_again_by_another_program_open(self, content: bytes) -> None:
        assert from_bytes(rezipped(content))[0] == Cut(0.25, 2)

    @pytest.mark.parametrize(
        ("name", "what"),
        [
            ("none.model", "there is no such file"),
            ("folder.model", "is a folder"),
            ("text.model", "no model file"),
            ("other.zip", "is a zip, but no model file"),
            ("empty.model", "no model file"),
        ],
    )
    def test_no_model_file(self, tmp_path: Path, name: str, what: str) -> None:
        (tmp_path / "folder.model").mkdir()
        (tmp_path / "text.model").write_text("a model")
        (tmp_path / "empty.model").write_bytes(b"")
        with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
            archive.writestr("a.txt", "a")
        assert not is_model(tmp_path / name)
        with pytest.raises(FormatError, match=what) as caught:
            open_model(tmp_path / name)
        assert name in str(caught.value)


class TestSaving:
    """A file is there whole, or the one before it is."""

    def test_what_cannot_be_opened_is_not_written(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = save_model(Cut(0.5), tmp_path / "a.model")
        before = path.read_bytes()
        monkeypatch.setattr(Cut, "from_state", classmethod(lambda cls, state: cls(9e9)))
        with pytest.raises(ParameterError, match="cannot be kept"):
            save_model(Cut(0.75), path)
        assert path.read_bytes() == before
        assert [entry.name for entry in tmp_path.iterdir()] == ["a.model"]

    def test_a_class_nobody_knows(self, tmp_path: Path) -> None:
        class Unknown(Cut):
            kind = "test-unknown"

        for model in (Unknown(), type("Other", (Cut,), {})(), 7):
            with pytest.raises(ParameterError, match="register_model"):
                save_model(model, tmp_path / "a.model")

    def test_opened_and_saved_again_it_is_the_same(self, tmp_path: Path) -> None:
        image = as_image(np.random.default_rng(0).random((20, 30)), spacing={"y": "2 um"})
        path = save_model(Cut(), tmp_path / "a.model", example=image)
        again = save_model(open_model(path), tmp_path / "b.model")
        assert again.read_bytes() == path.read_bytes()

    def test_no_folder(self, tmp_path: Path) -> None:
        with pytest.raises(FormatError, match="no such folder"):
            save_model(Cut(), tmp_path / "nowhere" / "a.model")

    def test_a_table_model_needs_an_example(self, tmp_path: Path) -> None:
        with pytest.raises(ParameterError, match="small example"):
            save_model(Rows(2.0), tmp_path / "a.model")
        table = pd.DataFrame({"area": [1.0, 2.0, 3.0]})
        path = save_model(Rows(2.0), tmp_path / "a.model", example=table)
        assert open_model(path) == Rows(2.0)

    def test_a_card_is_json(self, tmp_path: Path) -> None:
        with pytest.raises(ParameterError, match=r"card\.scores\.dice must be JSON, not object"):
            save_model(Cut(), tmp_path / "a.model", scores={"dice": object()})


def test_nothing_is_ever_pickled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: Any, **kwargs: Any) -> Any:
        raise AssertionError("pickle was called")

    x = np.random.default_rng(0).random((80, 1))
    forest = RandomForestClassifier(5, random_state=0).fit(x, x[:, 0] > 0.5)
    for module in (pickle, joblib):
        for name in ("dump", "load", "dumps", "loads", "Pickler", "Unpickler"):
            if hasattr(module, name):
                monkeypatch.setattr(module, name, refuse)
    path = save_model(Learned(forest), tmp_path / "a.model")
    open_model(path)
    content = path.read_bytes()
    assert b"\x80\x04\x95" not in content
    assert b"\x80\x05\x95" not in content
    assert b"pickle" not in content


def test_a_file_is_verified_once_in_a_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = save_model(Cut(), tmp_path / "a.model")
    first = open_model(path)
    monkeypatch.setattr(_parameter, "from_bytes", None)
    assert open_model(path) is first
    copied = tmp_path / "b.model"
    copied.write_bytes(path.read_bytes())
    assert open_model(copied) is first


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[ModelFile], ModelFile]]:
    """Hand a model to a process that knows nothing yet."""

    def send(given: ModelFile) -> ModelFile:
        data = pickle.dumps(given)
        monkeypatch.setattr(_kinds, "_registered", {})
        forget(monkeypatch)
        back = pickle.loads(data)  # noqa: S301  (as dask hands tasks to its workers)
        assert isinstance(back, ModelFile)
        return back

    return send


class TestHandedOn:
    """To the workers of a cluster: by path, or by what the file would hold."""

    def test_by_path(self, tmp_path: Path, sent: Any) -> None:
        given = ModelFile.open(save_model(Cut(0.25), tmp_path / "a.model"))
        assert len(pickle.dumps(given)) < 1000
        assert sent(given).model == Cut(0.25)

    def test_in_memory(self, sent: Any) -> None:
        back = sent(ModelFile(Cut(0.25)))
        assert back.model == Cut(0.25)
        assert back.sha256 == ModelFile(Cut(0.25)).sha256

    def test_a_file_changed_since(self, tmp_path: Path, sent: Any) -> None:
        given = ModelFile.open(save_model(Cut(0.25), tmp_path / "a.model"))
        save_model(Cut(0.5), tmp_path / "a.model")
        there = sent(given)  # which must not fail, or a worker of dask would end
        with pytest.raises(FormatError, match="has changed since"):
            there.model  # noqa: B018

    def test_on_its_way_it_keeps_its_place(self, tmp_path: Path) -> None:
        """A scheduler in a process that knows the same model from another file hands it on."""
        save_model(Cut(0.25), tmp_path / "a.model")
        ModelFile.open(tmp_path / "a.model")
        given = ModelFile.open(save_model(Cut(0.25), tmp_path / "b.model"))
        (tmp_path / "a.model").unlink()
        back = pickle.loads(pickle.dumps(pickle.loads(pickle.dumps(given))))  # noqa: S301
        assert back.path == given.path
        assert back.model is given.model

    def test_nothing_is_opened_on_the_way(
        self, tmp_path: Path, sent: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        given = ModelFile.open(save_model(Cut(0.25), tmp_path / "a.model"))
        monkeypatch.setattr(_parameter, "read_bytes", None)
        assert sent(sent(given)).sha256 == given.sha256


def test_described(tmp_path: Path) -> None:
    path = save_model(Cut(), tmp_path / "a.model", scores={"dice": 0.5}, data={"a": "00"})
    about = ModelFile.open(path).described()
    assert about["file"] == str(path)
    assert about["scores"] == {"dice": 0.5}
    assert about["classes"] == ["background", "object"]
    assert json.loads(json.dumps(about)) == about


def test_a_kind_of_our_own_cannot_be_taken() -> None:
    with pytest.raises(ValueError, match="pixel-classifier"):
        register_model(type("Mine", (), {"kind": "pixel-classifier"}))


def test_a_linear_model_of_scikit_learn(tmp_path: Path) -> None:
    x = np.linspace(0, 1, 50)[:, None]
    model = Learned(LogisticRegression().fit(x, (x[:, 0] > 0.3).astype(int)))
    back = open_model(save_model(model, tmp_path / "a.model"))
    image = as_image(np.random.default_rng(1).random((9, 9)))
    np.testing.assert_array_equal(back.predict(image), model.predict(image))


def test_tables_are_examples_too() -> None:
    from graticule.learn.model_file.examples import pack_example, unpack_example

    table = pd.DataFrame({"area": [1.0, 2.0], "mean": [0.5, np.nan]})
    table.attrs["units"] = {"area": "um2"}
    back = unpack_example(*pack_example(table))
    pd.testing.assert_frame_equal(back, table)
    assert back.attrs == table.attrs
