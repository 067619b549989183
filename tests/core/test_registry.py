"""Finding ops: the built-in families and a plugin come in through the same door."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

import graticule as gt
from graticule.core import registry
from graticule.core.errors import RequestError, UnknownNameError
from graticule.core.registry import Family, Registry, families, get_op, op_names

PLUGIN = '''
"""An op of somebody else."""
from graticule.core import Image, Pointwise, op

@op(version=1, scope=Pointwise(), dtype="same")
def negate(image: Image) -> Image:
    """Change the sign."""
    return -image
'''
PROGRAM = """
import graticule as gt, numpy as np, pickle
from graticule.core.registry import op_names
assert "theirs.negate" in op_names()
assert "theirs._private" not in op_names()
assert gt.theirs.negate(np.array([1, -2])).tolist() == [-1, 2]
assert pickle.loads(pickle.dumps(gt.op("theirs.negate"))) is gt.theirs.negate
assert "theirs" in dir(gt)
"""


def test_every_name_leads_to_the_op_of_that_name() -> None:
    for name in op_names():
        found = get_op(name)
        assert found.name == name
        family, _, function = name.partition(".")
        assert getattr(getattr(gt, family), function) is found is gt.op(name)


REGISTERED = """
import graticule as gt
from graticule.core import Image, Pointwise, op

@gt.register
@op(version=1, scope=Pointwise(), dtype="same", name="lab.double")
def double(image: Image) -> Image:
    return image + image

assert gt.lab.double is gt.op("lab.double")
assert "lab" in dir(gt) and dir(gt.lab) == ["double"]
"""


def test_an_op_of_this_process_is_in_its_family_like_others() -> None:
    done = subprocess.run(
        [sys.executable, "-c", REGISTERED], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_private_modules_are_no_ops() -> None:
    assert not [name for name in op_names() if name.split(".")[1].startswith("_")]
    assert set(families()) >= {"filters", "threshold", "segment", "measure", "transform"}


def test_an_unknown_name_suggests_the_closest() -> None:
    with pytest.raises(UnknownNameError, match=r"did you mean .*filters.gaussian"):
        get_op("filters.gausian")
    with pytest.raises(AttributeError, match="did you mean otsu"):
        _ = Family("threshold").otsus
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = gt.nothing


def test_a_plugin_family_comes_in_by_its_entry_point(tmp_path: Path) -> None:
    package = tmp_path / "their_ops"
    package.mkdir()
    (package / "__init__.py").write_text('"""Ops."""')
    (package / "negate.py").write_text(PLUGIN)
    (package / "_private.py").write_text("")
    info = tmp_path / "their_ops-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: their-ops\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[graticule.ops]\ntheirs = their_ops\n")
    program = f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n{PROGRAM}"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_names_are_listed_without_importing_the_ops() -> None:
    program = (
        "import sys; from graticule.core.registry import check_names, op_names; op_names(); "
        "assert 'roc' in check_names() and 'graticule.evaluate.checks.roc' not in sys.modules; "
        "assert 'graticule.ops.filters.gaussian' not in sys.modules; "
        "assert not {'numba', 'cv2', 'scipy', 'skimage', 'matplotlib'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def package(folder: Path, name: str, *modules: str) -> str:
    (folder / name).mkdir()
    for module in ("__init__", *modules):
        (folder / name / f"{module}.py").write_text(f"{module} = 'the {module} of {name}'")
    return name


def install(monkeypatch: pytest.MonkeyPatch, packages: dict[str, str]) -> None:
    """Let packages stand as entry points of the group ``example.shapes``."""
    points = [EntryPoint(name, value, "example.shapes") for name, value in packages.items()]
    monkeypatch.setattr(registry, "entry_points", lambda group: points)


def test_an_entry_is_a_public_module_of_a_package_or_a_plain_module(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "lonely_shape.py").write_text("lonely_shape = 'alone'")
    install(
        monkeypatch,
        {"first": package(tmp_path, "shapes_a", "disc", "_helper"), "b": "lonely_shape"},
    )
    flat = Registry[str]("shape", "example.shapes")
    assert flat.names() == ["disc", "lonely_shape"]
    assert "shapes_a.disc" not in sys.modules
    assert flat.values() == ["the disc of shapes_a", "alone"]
    named = Registry[str]("shape", "example.shapes", in_families=True)
    assert named.names() == ["b.lonely_shape", "first.disc"]


def test_a_package_of_our_own_needs_no_entry_point(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    install(monkeypatch, {"plugin": package(tmp_path, "shapes_e", "ring")})
    own = package(tmp_path, "shapes_f", "disc", "_helper")
    shapes = Registry[str]("shape", "example.shapes", package=own)
    assert shapes.names() == ["disc", "ring"]
    assert shapes.get("disc") == "the disc of shapes_f"
    twice = Registry[str]("shape", "example.shapes", package=package(tmp_path, "shapes_g", "ring"))
    with pytest.raises(RequestError, match="two of the shape 'ring'"):
        twice.names()


def test_a_name_that_two_packages_have_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    install(
        monkeypatch, {name: package(tmp_path, name, "disc") for name in ("shapes_c", "shapes_d")}
    )
    shapes = Registry[str]("shape", "example.shapes")
    with pytest.raises(RequestError, match=r"shapes_d\.disc: .*'disc'.* shapes_c\.disc"):
        shapes.names()
    apart = Registry[str]("shape", "example.shapes", in_families=True)
    assert apart.get("shapes_d.disc") == "the disc of shapes_d"


def test_what_is_registered_may_be_replaced_and_what_is_installed_may_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    install(monkeypatch, {"": package(tmp_path, "shapes_e", "disc")})
    shapes = Registry[str]("shape", "example.shapes")
    assert [shapes.register("ring", text) for text in ("first", "second")] == ["first", "second"]
    assert shapes.get("ring") == "second"
    with pytest.raises(RequestError, match="there is a shape 'disc' already"):
        shapes.register("disc", "mine")


def test_a_module_that_declares_nothing_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    install(monkeypatch, {"": package(tmp_path, "shapes_f", "disc")})
    shapes = Registry[str]("shape", "example.shapes", load=lambda m: str(m.SHAPE))
    with pytest.raises(TypeError, match=r"shapes_f\.disc declares no shape: .*SHAPE"):
        shapes.get("disc")
