"""`make lab` when its own notes are damaged: no lesson is lost, nothing ends in a traceback."""

import json

import pytest

import lab

OLD, NEW, MINE = "1", "2", "1 + 1  # mine"


def write(path, source):
    path.parent.mkdir(parents=True, exist_ok=True)
    cell = {
        "cell_type": "code",
        "id": "a",
        "metadata": {},
        "source": source,
        "execution_count": None,
        "outputs": [],
    }
    path.write_text(json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))


def source_of(path):
    return json.loads(path.read_text(encoding="utf-8"))["cells"][0]["source"]


@pytest.fixture
def house(tmp_path, monkeypatch):
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "jupyter"))
    write(tmp_path / "notebooks" / "00_start.ipynb", OLD)
    lab.update(tmp_path / "notebooks", tmp_path / "lessons")
    return tmp_path / "notebooks", tmp_path / "lessons"


@pytest.mark.parametrize(
    "damage",
    [b"", b"{", b"[1]", b'"text"', b'{"00_start.ipynb": 3}', b"\xff\xfe\xff", b"[" * 200_000],
    ids=["empty", "torn", "list", "text", "wrong kind", "not UTF-8", "deep"],
)
def test_a_damaged_manifest_is_set_aside_and_said(house, damage):
    source, lessons = house
    manifest = lessons / ".course" / "manifest.json"
    manifest.write_bytes(damage)
    (told,) = lab.update(source, lessons)
    assert "manifest.json was damaged: it is kept as manifest.damaged" in told
    assert (lessons / ".course" / "manifest.damaged").read_bytes() == damage
    assert json.loads(manifest.read_text(encoding="utf-8")) == {
        "00_start.ipynb": lab.fingerprint(source / "00_start.ipynb")
    }
    assert lab.update(source, lessons) == []
    assert [p.name for p in lessons.glob("*.ipynb")] == ["00_start.ipynb"]


def test_without_a_manifest_a_changed_lesson_stays(house):
    source, lessons = house
    write(lessons / "00_start.ipynb", MINE)
    write(source / "00_start.ipynb", NEW)
    (lessons / ".course" / "manifest.json").write_text("")
    told = lab.update(source, lessons)
    assert len(told) == 2
    assert told[1].endswith("you changed it, so it stays; the new version is beside it, 00_start.new.ipynb")
    assert source_of(lessons / "00_start.ipynb") == MINE
    assert source_of(lessons / "00_start.new.ipynb") == NEW


def test_a_lesson_that_cannot_be_parsed_is_no_obstacle(house):
    source, lessons = house
    (lessons / "00_start.ipynb").write_text("[" * 200_000)
    write(source / "00_start.ipynb", NEW)
    assert lab.update(source, lessons)[0].startswith("00_start.ipynb: you changed it, so it stays")
