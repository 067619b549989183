"""Every run folder is an RO-Crate: who, what, with what, and the hash of every file."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from crates import NAME, sound_crate

from graticule.core.errors import ParameterError
from graticule.core.settings import settings
from graticule.io import content_hash
from graticule.pipeline import Pipeline, crate


def entities_of(folder: Path) -> list[dict[str, Any]]:
    """Return what a crate says, without times and what has such in it."""
    told = json.loads((folder / NAME).read_text())["@graph"]
    timed = {"startTime", "endTime", "datePublished"}
    return [
        {key: value for key, value in entity.items() if key not in timed}
        for entity in told
        if entity["@id"] not in ("run.json", "report.html")
    ]


def test_it_says_what_a_run_is_of(objects: Pipeline, study_folder: Path, tmp_path: Path) -> None:
    (study_folder / "broken.npy").write_bytes(b"\x93NUMPY nothing")
    run = objects.run(study_folder, tmp_path / "out", cache=False, command=["graticule", "run"])
    entities = sound_crate(run.folder)
    action = entities["#run"]
    assert "6 images, 1 of them set aside" in action["name"]
    assert action["description"] == "graticule run"
    plan, *inputs = (entities[each["@id"]] for each in action["object"])
    assert plan["text"] == objects.text
    assert plan["identifier"] == objects.key
    hashes = {each["alternateName"]: each["sha256"] for each in inputs}
    assert hashes == {str(path): content_hash(path) for path in sorted(study_folder.iterdir())}
    assert "author" not in entities["./"]
    assert entities["#software-numpy"]["softwareVersion"]


def test_the_same_run_says_the_same(objects: Pipeline, study_folder: Path, tmp_path: Path) -> None:
    told = []
    for name in ("one", "two"):
        objects.run(study_folder, tmp_path / name, cache=False)
        told.append(entities_of(tmp_path / name))
    assert told[0] == told[1]
    objects.run(study_folder, tmp_path / "one", cache=False)  # all is there already
    assert entities_of(tmp_path / "one") == told[1]
    sound_crate(tmp_path / "one")


def test_written_images_are_not_read_again(
    objects: Pipeline, study_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[Path] = []
    hashed = crate._hashed
    monkeypatch.setattr(crate, "_hashed", lambda path: read.append(path) or hashed(path))
    objects.run(study_folder, tmp_path / "out", cache=False)
    assert read
    assert not [path for path in read if "arrays" in path.parts]


def test_of_many_images_it_tells_together(
    objects: Pipeline, study_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crate.write_crate, "__kwdefaults__", {"each": 3})
    run = objects.run(study_folder, tmp_path / "out", cache=False)
    entities = sound_crate(run.folder, apart=("arrays/",))
    assert not [name for name in entities if name.startswith(("#image-", "arrays/disc"))]
    lines = [
        f"{content_hash(run.folder / name)}  {name}\n"
        for result in run.results
        for name in result.arrays
    ]
    assert entities["arrays/"]["name"] == "5 written images"
    digest = hashlib.sha256("".join(lines).encode()).hexdigest()
    assert entities["arrays/"]["identifier"].endswith(digest)
    lines = [f"{result.sha256}  {result.path}\n" for result in run.results]
    digest = hashlib.sha256("".join(lines).encode()).hexdigest()
    assert entities["#images"]["identifier"].endswith(digest)


def test_who_answers_is_a_setting(
    objects: Pipeline, study_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRATICULE_AUTHOR", "A. Name")
    monkeypatch.setenv("GRATICULE_LICENSE", "https://creativecommons.org/licenses/by/4.0/")
    settings.cache_clear()
    try:
        objects.run(study_folder, tmp_path / "out", cache=False)
        entities = sound_crate(tmp_path / "out")
        assert entities["./"]["author"] == entities["#run"]["agent"] == {"@id": "#author"}
        assert entities["#author"]["name"] == "A. Name"
        assert entities["./"]["license"]["@id"] in entities
        monkeypatch.setenv("GRATICULE_LICENSE", "free")
        settings.cache_clear()
        with pytest.raises(ParameterError, match=r"GRATICULE_LICENSE.*address of a licence"):
            settings()
    finally:
        monkeypatch.undo()
        settings.cache_clear()


def test_that_of_an_earlier_call_does_not_stay(
    objects: Pipeline, study_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    objects.run(study_folder, tmp_path / "out", cache=False)

    def fail(folder: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("graticule.pipeline.execute.load_group", lambda group: {"late": fail})
    with pytest.raises(KeyboardInterrupt):
        objects.run(study_folder, tmp_path / "out", cache=False)
    assert not (tmp_path / "out" / NAME).exists()
