"""The file of measurements: whole lines only, whatever the disk does."""

import os

import pytest

from engine.errors import StoreError
from engine.store.metrics import Metrics


@pytest.fixture
def path(tmp_path):
    return tmp_path / "metrics.jsonl"


def filled(path, count=3):
    metrics = Metrics(path)
    for step in range(count):
        metrics.append({"step": step, "values": {"loss": 0.1 * step}})
    return metrics


def test_every_line_is_in_the_system_at_once(path):
    metrics = filled(path)
    assert path.read_bytes().count(b"\n") == 3
    assert [entry["step"] for entry in Metrics(path).read().entries] == [0, 1, 2]
    metrics.close()


def test_a_missing_file_has_no_lines(path):
    assert Metrics(path).read().entries == ()


@pytest.mark.parametrize("tail", [b'{"step": 3, "val', b'{"step": 3, "values": {}}', b"\x00\x00\x00", b'{"step": 3}\n', b"\xff\xfe\n"])
def test_a_torn_last_line_is_dropped_with_a_note(path, tail):
    filled(path).close()
    with path.open("ab") as file:
        file.write(tail)
    found = Metrics(path).read()
    assert len(found.entries) == 3
    assert "cut short" in found.note


def test_reading_leaves_a_torn_file_as_it_is(path):
    filled(path).close()
    with path.open("ab") as file:
        file.write(b"torn")
    before = path.read_bytes()
    Metrics(path).read()
    assert path.read_bytes() == before


def test_appending_after_a_torn_line_begins_a_new_one(path):
    filled(path).close()
    with path.open("ab") as file:
        file.write(b"torn")
    metrics = Metrics(path)
    metrics.append({"step": 3, "values": {}})
    metrics.close()
    found = Metrics(path).read()
    assert [entry["step"] for entry in found.entries] == [0, 1, 2, 3]
    assert found.note == ""


def test_a_damaged_line_in_the_middle_is_named(path):
    filled(path).close()
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0] + b"garbage\n" + lines[2])
    with pytest.raises(StoreError, match=r"line 2 of .* is damaged"):
        Metrics(path).read()


def test_cut_keeps_the_first_lines_and_appends_behind_them(path):
    filled(path).close()
    metrics = Metrics(path)
    metrics.cut(1)
    metrics.append({"step": 9, "values": {}})
    metrics.close()
    assert [entry["step"] for entry in Metrics(path).read().entries] == [0, 9]


def test_cut_refuses_more_lines_than_there_are(path):
    filled(path).close()
    before = path.read_bytes()
    with pytest.raises(StoreError, match="has 3 lines"):
        Metrics(path).cut(4)
    assert path.read_bytes() == before


@pytest.mark.parametrize("truncates", [True, False])
def test_a_line_that_the_disk_cut_short_leaves_no_trace(path, monkeypatch, truncates):
    """The disk takes 10 bytes, then is full; where even cutting fails, the next append does it."""
    metrics = filled(path)
    before = path.read_bytes()
    write, truncate = os.write, os.ftruncate
    calls = []

    def full(descriptor, data):
        calls.append(len(data))
        if len(calls) > 1:
            raise OSError(28, "No space left on device")
        return write(descriptor, data[:10])

    def broken(descriptor, length):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "write", full)
    if not truncates:
        monkeypatch.setattr(os, "ftruncate", broken)
    with pytest.raises(StoreError, match="the disk is full"):
        metrics.append({"step": 3, "values": {"loss": 0.3}})
    monkeypatch.setattr(os, "write", write)
    monkeypatch.setattr(os, "ftruncate", truncate)
    assert path.read_bytes() == before or not truncates
    assert len(Metrics(path).read().entries) == 3
    metrics.append({"step": 3, "values": {"loss": 0.3}})
    assert [entry["step"] for entry in metrics.read().entries] == [0, 1, 2, 3]
    metrics.close()
