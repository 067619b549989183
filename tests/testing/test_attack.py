import numpy as np
import pytest

from graticule.core.errors import RequestError
from graticule.io.format import formats
from graticule.testing.attack import attack as module
from graticule.testing.attack.__main__ import main
from graticule.testing.attack.attack import attack, look_at
from graticule.testing.attack.damage import GENERAL
from graticule.testing.attack.mutator import Draw

ATTACKED = ["ENVI", "FITS", "NumPy", "OME-Zarr", "TIFF", "picture", "time-of-flight frames"]


@pytest.mark.parametrize("name", ATTACKED)
def test_the_same_seed_makes_the_same_files(name):
    one, two, other = attack(name, seed=1), attack(name, seed=1), attack(name, seed=2)
    for number in range(20):
        assert one.damaged(one.case(number)) == two.damaged(two.case(number))
    assert any(one.damaged(one.case(n)) != other.damaged(other.case(n)) for n in range(20))


@pytest.mark.parametrize("name", ATTACKED)
def test_one_round_tries_each_way_on_each_good_file(name):
    prepared = attack(name)
    cases = [prepared.case(number) for number in range(prepared.rounds)]
    assert {case.way for case in cases} >= set(GENERAL)
    assert {case.seed_file for case in cases} == set(prepared.seed_files)
    assert len({(case.seed_file, case.way, case.turn) for case in cases}) == len(cases)


def test_every_mutator_is_of_a_format_that_is_known():
    from graticule.testing.attack.mutator import mutators_by_format

    assert set(mutators_by_format()) <= {known.name for known in formats()}


@pytest.mark.parametrize("way", sorted(GENERAL))
def test_damage_is_another_file(way):
    content = b"512 " + Draw("content").randbytes(10_000)
    damaged = [GENERAL[way].damage(Draw(str(n)), {"": content}) for n in range(20)]
    assert sum(each != {"": content} for each in damaged) >= 18


@pytest.mark.parametrize("name", ATTACKED)
def test_damaged_files_end_in_an_image_or_a_typed_error(name, tmp_path):
    trials = list(attack(name, seed=5).run(range(40), keep=tmp_path))
    assert len(trials) == 40
    assert [(trial.label, trial.detail) for trial in trials if trial.is_fault] == []


def test_a_file_at_fault_is_kept_and_judged_again(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "look", lambda path: ("untyped error", "Oops"))
    monkeypatch.setattr(module, "_warm", lambda *_: None)
    prepared = attack("NumPy")
    [trial] = prepared.run([7], keep=tmp_path)
    assert trial.is_fault
    assert (tmp_path / trial.kept).read_bytes() == prepared.damaged(prepared.case(7))[""]
    assert look_at(tmp_path / trial.kept).detail == "Oops"


def test_a_good_file_is_read(tmp_path):
    np.save(tmp_path / "good.npy", np.zeros((3, 4)))
    assert look_at(tmp_path / "good.npy").outcome == "read"
    assert main(["--file", str(tmp_path / "good.npy")]) == 0


def test_a_format_that_is_not_known_is_refused():
    with pytest.raises(RequestError, match="no format 'SPE'"):
        attack("SPE")
