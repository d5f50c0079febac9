"""Files that are no run's files any more: whatever lies in a folder, reading it raises the store's own error, and soon."""

import json
import os
import socket
import time

import numpy as np
import pytest

from engine.contract import Phase
from engine.errors import StoreError
from engine.runner import resume, shown
from engine.store import RunFolder
from tests.engine.running import finished
from tests.engine.toy_phenomenon import InstantToy
from tests.faults.reading import read_everything

FILES = ("manifest.json", "metrics.jsonl", "arrays.npz", "result.json", "state.safetensors", "state.json", "latest.npz", "lock")


@pytest.fixture
def path(runner, tmp_path):
    """The folder of a finished run."""
    run = runner(steps=20, grid=5, root=tmp_path / "runs")
    run.start()
    last = finished(run)
    assert run.close(60)
    return tmp_path / "runs" / last.run


HUGE_HEADER = b"\x93NUMPY\x01\x00v\x00" + b"{'descr': '<f8', 'fortran_order': False, 'shape': (1236950581248,), }".ljust(117) + b"\n"


def npz(content):
    import io
    import zipfile

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as pack:
        pack.writestr("snapshot.npy", content)
        pack.writestr("X.npy", content)
    return buffer.getvalue()


def bomb():
    import io
    import zipfile

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as pack:
        pack.writestr("X.npy", bytes(2**24))
    return buffer.getvalue()


CONTENTS = {
    "empty": b"",
    "200,000 brackets": b"[" * 200_000,
    "200,000 braces": b'{"a":' * 200_000,
    "99 brackets": b'{"format":2,"config":' + b"[" * 99 + b"]" * 99 + b"}",
    "9 TiB of array": npz(HUGE_HEADER),
    "a shape of no size": npz(HUGE_HEADER.replace(b"(1236950581248,)", b"(0, 9999999999999,)"[:16])),
    "a bomb": bomb(),
    "8 EiB of header": (2**63 - 1).to_bytes(8, "little") + b"{}",
    "a long number": b'{"format":' + b"9" * 5000 + b"}",
    "infinite numbers": b'{"format":2,"phase":"paused","step":1e999}',
    "null bytes": bytes(1000),
}


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("content", CONTENTS)
def test_any_content_is_a_sentence(path, name, content):
    (path / name).write_bytes(CONTENTS[content])
    read_everything(path)


@pytest.mark.parametrize("kind", ["pipe", "folder", "link", "broken link", "link to a device", "socket", "sparse"])
@pytest.mark.parametrize("name", FILES)
def test_only_regular_files_of_the_folder_are_opened(path, name, kind, tmp_path, monkeypatch):
    target = path / name
    secret = tmp_path / "secret"
    target.rename(secret)
    if kind == "pipe":
        os.mkfifo(target)
    elif kind == "folder":
        target.mkdir()
    elif kind == "sparse":
        with target.open("wb") as file:
            file.truncate(9 * 2**40)
    elif kind == "socket":
        monkeypatch.chdir(path)
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(name)
    else:
        target.symlink_to({"link": secret, "broken link": tmp_path / "nothing"}.get(kind, "/dev/zero"))
    before = secret.read_bytes()
    read_everything(path)
    assert secret.read_bytes() == before


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("threads", 1_000_000),
        ("threads", -1),
        ("threads", 0),
        ("threads", "2"),
        ("seeds", list(range(2000))),
        ("seeds", [-1]),
        ("seeds", []),
    ],
)
def test_bounds_are_those_of_the_command_line(path, field, value):
    manifest = json.loads((path / "manifest.json").read_text())
    (path / "manifest.json").write_text(json.dumps({**manifest, field: value}))
    with pytest.raises(StoreError, match=rf"manifest\.json is damaged: {field}"):
        RunFolder.open(path)


def halfway(runner, hold, root):
    hold(10)
    run = runner(steps=20, grid=5, root=root)
    run.start()
    while run.latest().step < 10:
        time.sleep(0.001)
    assert run.close(60)
    hold()
    return root / run.latest().run


@pytest.mark.parametrize("changed", ["seeds", "config", "threads", "metrics", "state", "beside the state"])
def test_what_does_not_belong_together_is_refused_with_a_way_on(runner, hold, tmp_path, changed):
    path = halfway(runner, hold, tmp_path)
    if changed == "metrics":
        lines = (path / "metrics.jsonl").read_text()
        (path / "metrics.jsonl").write_text(lines.replace('"odd"', '"even"', 1))
    elif changed == "beside the state":
        data = (path / "state.safetensors").read_bytes()
        before, after = b'\\"step\\":10', b'\\"step\\":11'
        assert data.count(before) == 1
        (path / "state.safetensors").write_bytes(data.replace(before, after))
    elif changed == "state":
        data = bytearray((path / "state.safetensors").read_bytes())
        data[-1] ^= 1
        (path / "state.safetensors").write_bytes(data)
    else:
        manifest = json.loads((path / "manifest.json").read_text())
        manifest[changed] = {"seeds": [0, 1, 2], "threads": 3, "config": {**manifest["config"], "n": 21}}[changed]
        (path / "manifest.json").write_text(json.dumps(manifest))
    before = contents(path)
    try:
        run = resume(path, phenomenon=InstantToy)
        run.start()
        last = finished(run)
        assert run.close(60)
        assert last.phase is Phase.FAILED
        said, hint = last.sentence, last.hint
    except StoreError as error:
        said, hint = error.message, error.hint
    assert "does not fit" in said or "damaged" in said
    assert "genlab show" in hint and "beside it: genlab run" in hint
    assert contents(path) == before
    assert shown(path, InstantToy).series  # the measurements are there all the same


def contents(path):
    """The files of a run, by name; but for the lock, in which whoever held it last says who it was."""
    return {item.name: item.read_bytes() for item in path.iterdir() if item.name != "lock"}


@pytest.mark.parametrize("name", ["latest.npz", "result.json", "arrays.npz", "state.json"])
@pytest.mark.parametrize("how", ["emptied", "missing"])
def test_results_that_are_gone_are_made_anew(path, name, how):
    before = {item.name: item.read_bytes() for item in path.iterdir()}
    (path / name).unlink() if how == "missing" else (path / name).write_bytes(b"")
    run = resume(path, phenomenon=InstantToy)
    run.start()
    last = finished(run)
    assert run.close(60) and last.phase is Phase.FINISHED
    folder = RunFolder.open(path)
    assert folder.whole() and folder.load_progress().phase is Phase.FINISHED
    assert (path / "metrics.jsonl").read_bytes() == before["metrics.jsonl"]
    np.testing.assert_array_equal(folder.load_snapshot().series[0].y, last.series[0].y)
    with pytest.raises(StoreError, match="is finished"):
        resume(path, phenomenon=InstantToy)
