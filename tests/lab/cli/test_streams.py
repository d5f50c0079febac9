"""Standard streams that are closed, full or left: the run goes on and is stored, the exit code is the run's."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from engine.errors import Exit
from engine.store import list_runs
from tests.lab.command_line import environment, lines

COMMAND = f"exec {sys.executable} -P -m genlab"
GOING_ON = "genlab: cannot write to standard output: no space left on device; going on without it (ctrl+c stops)\n"
UNREAD = "genlab: nobody reads standard output any more; going on without it (ctrl+c stops)\n"


def shell(runs: Path, command: str) -> tuple[int, str, str]:
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, env=environment(runs), timeout=120, check=False)
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("options", ["--json", "--quiet"])
@pytest.mark.parametrize("stream", [">&-", "2>&-", "<&-", ">&- 2>&- <&-", ">/dev/full", "2>/dev/full", ">/dev/full 2>/dev/full"])
def test_a_run_is_stored_whatever_its_streams_take(tmp_path: Path, stream: str, options: str) -> None:
    code, out, err = shell(tmp_path, f"{COMMAND} run toy {options} {stream}")
    (run,) = list_runs(tmp_path)
    assert (code, str(run.phase), run.problem) == (0, "finished", "")
    assert err == (GOING_ON if stream == ">/dev/full" else "")
    if out and options == "--json":
        assert lines(out)[-1]["event"] == "result"


@pytest.mark.parametrize("options", ["--json", "--quiet"])
def test_a_run_whose_reader_is_gone_finishes_and_is_stored(tmp_path: Path, options: str) -> None:
    code, _, err = shell(tmp_path, f"({COMMAND} run toy {options} --steps 3000) | true; exit ${{PIPESTATUS[0]}}")
    (run,) = list_runs(tmp_path)
    assert (code, err) == (0, UNREAD)
    assert (str(run.phase), run.step, run.problem) == ("finished", 3000, "")


def test_the_first_line_of_a_run_and_no_more(tmp_path: Path) -> None:
    code, out, err = shell(tmp_path, f"({COMMAND} run toy --json --pause 0.0001 --steps 3000) | head -1; exit ${{PIPESTATUS[0]}}")
    (run,) = list_runs(tmp_path)
    assert (code, [line["step"] for line in lines(out)], err, str(run.phase)) == (0, [0], UNREAD, "finished")


def test_a_refusal_that_nobody_can_read_keeps_its_code_and_spoils_no_output(tmp_path: Path) -> None:
    for stream in ("2>&-", "2>/dev/full"):
        assert shell(tmp_path, f"{COMMAND} run groking --json {stream}") == (Exit.USAGE, "", "")


@pytest.mark.parametrize("args", ["--help", "run --help", "run toy --help", "--version", "list", "info toy"])
def test_what_nobody_reads_to_its_end_is_no_failure(tmp_path: Path, args: str) -> None:
    assert shell(tmp_path, f"({COMMAND} {args}) | true; exit ${{PIPESTATUS[0]}}") == (0, "", "")


@pytest.mark.parametrize("args", ["--help", "list"])
def test_what_could_not_be_printed_is_said_once(tmp_path: Path, args: str) -> None:
    code, _, err = shell(tmp_path, f"{COMMAND} {args} >/dev/full")
    assert (code, err.splitlines()[0]) == (Exit.RUN_FAILED, "genlab: no space left on device")


def test_a_sweep_and_a_verification_go_on_too(tmp_path: Path) -> None:
    code, _, err = shell(tmp_path, f"{COMMAND} sweep toy --grid rate=0.1,0.2 --workers 1 --json >/dev/full")
    assert (code, err, len(list_runs(tmp_path))) == (0, GOING_ON, 2)
    code, _, err = shell(tmp_path, f"{COMMAND} verify toy --json >/dev/full")
    assert (code, err) == (0, GOING_ON)
    code, _, err = shell(tmp_path, f"({COMMAND} sweep toy --grid rate=0.3,0.4 --json) | true; exit ${{PIPESTATUS[0]}}")
    assert (code, err, len(list_runs(tmp_path))) == (0, UNREAD, 4)


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_characters_that_the_output_does_not_have(tmp_path: Path, encoding: str) -> None:
    assert shell(tmp_path, f"{COMMAND} run toy --quiet")[0] == 0
    for args in ("list", "info toy", "runs", "show toy-quick-s0", "export toy-quick-s0 --to csv -o $(mktemp -d)/\u00e9\u2192"):
        code, out, err = shell(tmp_path, f"PYTHONIOENCODING={encoding} {COMMAND} {args} | cat; exit ${{PIPESTATUS[0]}}")
        assert (code, err) == (0, "") and out
