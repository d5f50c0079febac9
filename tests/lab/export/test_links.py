"""Nothing is written through a link that somebody put where genlab writes; the link is replaced."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.lab.command_line import environment

CASES = [(to, "link") for to in ("csv", "json", "npz", "png")] + [("csv", "broken link"), ("csv", "link to a folder")]


@pytest.fixture
def secret(tmp_path):
    path = tmp_path / "secret"
    path.write_text("mine")
    return path


@pytest.mark.parametrize(("to", "kind"), CASES)
def test_exports(genlab, run, tmp_path, secret, to, kind):
    name, out = run(), tmp_path / "out"
    made = [Path(path) for path in genlab("export", name, "--to", to, "--out", str(out))[1].split()]
    (tmp_path / "folder").mkdir()
    for path in made:
        path.unlink()
        path.symlink_to({"link": secret, "broken link": tmp_path / "nothing", "link to a folder": tmp_path / "folder"}[kind])
    assert genlab("export", name, "--to", to, "--out", str(out))[0] == 2
    assert all(path.is_symlink() for path in made)
    assert genlab("export", name, "--to", to, "--out", str(out), "--force")[1].split() == list(map(str, made))
    assert not any(path.is_symlink() for path in made)
    assert (secret.read_text(), (tmp_path / "nothing").exists(), list((tmp_path / "folder").iterdir())) == ("mine", False, [])


def test_a_folder_where_a_file_would_be_is_left_alone(genlab, run, tmp_path):
    name = run()
    (tmp_path / "out" / f"{name}.json" / "thesis").mkdir(parents=True)
    code, out, err = genlab("export", name, "--to", "json", "--out", str(tmp_path / "out"), "--force")
    assert (code, out) == (2, "")
    assert "is a folder, which is left alone" in err and (tmp_path / "out" / f"{name}.json" / "thesis").is_dir()


@pytest.mark.parametrize("kind", ["link", "broken link", "pipe"])
def test_the_log_of_a_detached_run(tmp_path, secret, kind):
    log = tmp_path / "log.txt"
    os.mkfifo(log) if kind == "pipe" else log.symlink_to(secret if kind == "link" else tmp_path / "nothing")
    script = f"from pathlib import Path; from lab.running.reporters import _move_output; _move_output(Path({str(log)!r})); print('spoiled')"
    assert subprocess.run([sys.executable, "-c", script], env=environment(tmp_path), timeout=60, check=False).returncode == 0
    assert secret.read_text() == "mine" and not (tmp_path / "nothing").exists()
