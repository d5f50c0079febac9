"""Running, resuming and detaching from the command line, on the toy phenomenon."""

import contextlib
import errno
import json
import os
import pty
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import psutil
import pytest

from engine.errors import Exit, LabError
from lab.running.detached import detach
from tests.lab.command_line import environment, finish, lines, start

PATIENCE = 60.0  # seconds until a condition that should come is called missing
LONG = ("--steps", "1000000", "--pause", "0.001")


def until(condition, what):
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not come"
        time.sleep(0.01)


def test_json_is_one_strict_object_a_line_and_the_result_comes_last(genlab):
    code, out, err = genlab("run", "toy", "--json", "--seeds", "2", "--seed", "5", "--steps", "100")
    records = lines(out)
    assert (code, err) == (0, "")
    assert {record["event"] for record in records[:-1]} == {"measure"}
    steps = [record["step"] for record in records[:-1]]
    assert steps == sorted(set(steps))
    assert (steps[0], steps[-1]) == (0, 100)
    assert records[1]["values"]["half"] is None
    assert records[-2]["values"]["value"] == pytest.approx([6 * 0.9**100, 7 * 0.9**100], rel=1e-12)
    result = records[-1]
    assert result["event"] == "result"
    assert result["phase"] == "finished"
    assert result["seeds"] == [5, 6]
    assert result["preset"] == "custom"
    assert result["config"]["steps"] == 100
    assert result["run"] == "toy-custom-s5x2"
    claim = {"id", "sentence", "source", "predicted", "measured", "values", "tolerance", "status", "reason"}
    assert all(claim <= row.keys() for row in result["claims"])
    assert [(row["status"], row["values"]) for row in result["claims"]] == [
        ("holds", {"predicted": 0.5, "measured": pytest.approx(0.9**100)}),
        ("fails", {"predicted": 3.0, "measured": 2.0}),
    ]


def test_a_claim_that_the_preset_does_not_decide_says_which_would(genlab):
    claims = lines(genlab("run", "toy", "--json")[1])[-1]["claims"]
    assert [(row["status"], row["reason"]) for row in claims] == [("holds", ""), ("not run", "needs preset standard")]


def test_a_phenomenon_that_trains_runs_from_its_options(tmp_path):
    words = ("--epochs", "1", "--n", "100", "--width", "16")
    code, out, err = finish(tmp_path, "run", "random-labels", *words, "--json")
    *measured, result = lines(out)
    assert (code, err) == (0, "")
    assert measured and measured[-1]["step"] == result["step"]
    assert (result["phase"], result["config"]["width"]) == ("finished", 16)


def test_output_for_eyes_goes_to_stderr_and_the_runs_name_to_stdout(genlab):
    code, out, err = genlab("run", "toy")
    assert (code, out) == (0, "toy-quick-s0\n")
    assert "The number halves" in err
    assert "yes" in err
    assert genlab("run", "toy", "--quiet") == (0, "toy-quick-s0-2\n", "")


def test_the_phenomenon_may_stand_behind_options(genlab):
    assert genlab("run", "--quiet", "--preset", "short", "toy") == (0, "toy-short-s0\n", "")


@pytest.mark.parametrize(
    ("mode", "code", "phase", "sentence"),
    [
        ("diverging", Exit.RUN_FAILED, "diverged", "genlab: the value left the numbers at step 100\n  lower rate\n"),
        ("broken", Exit.RUN_FAILED, "failed", "genlab: an error inside genlab: ZeroDivisionError: a defect\n"),
        ("impossible", Exit.USAGE, "failed", "genlab: mode impossible has no solution\n  set mode plain\n"),
    ],
)
def test_a_run_that_fails_says_why_and_still_ends_its_json(genlab, mode, code, phase, sentence):
    ended, out, err = genlab("run", "toy", "--mode", mode, "--json")
    assert ended == code
    assert err.startswith(sentence)
    assert lines(out)[-1]["phase"] == phase


def test_a_run_that_the_disk_does_not_take_ends_its_json_says_so_and_exits_with_3(tmp_path):
    def small_files():
        resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000))

    with start(tmp_path, "run", "toy", "--json", preexec_fn=small_files) as child:
        records, err = lines(child.stdout.read()), child.stderr.read()
    assert child.returncode == Exit.RUN_FAILED
    assert (records[-1]["phase"], records[-1]["step"]) == ("finished", 200)
    assert records[-1]["unstored"].startswith("not being stored since step ")
    assert (records[-1]["stored"], records[-1]["problem"]) == (False, records[-1]["unstored"])
    assert f"genlab: toy-quick-s0 is {records[-1]['unstored']}" in err


def test_the_result_says_whether_the_run_is_stored(genlab):
    assert [lines(genlab("run", "toy", "--json")[1])[-1][key] for key in ("stored", "problem")] == [True, ""]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_saves_the_run_and_resume_continues_it(genlab, tmp_path, number):
    with start(tmp_path / "runs", "run", "toy", "--json", "--steps", "600", "--pause", "0.001") as child:
        seen = [json.loads(child.stdout.readline()) for _ in range(3)]
        child.send_signal(number)
        before = [*seen, *lines(child.stdout.read())]
        err = child.stderr.read()
    assert child.returncode == Exit.INTERRUPTED
    assert "genlab resume toy-custom-s0" in err
    assert before[-1]["event"] == "result"
    code, out, err = genlab("resume", "toy-custom-s0", "--json", "--steps", "600")
    after = lines(out)
    assert (code, err) == (0, "")
    assert after[-1]["phase"] == "finished"
    (uninterrupted, whole, _) = genlab("run", "toy", "--json", "--steps", "600")
    assert uninterrupted == 0
    joined = {record["step"]: record for record in [*before[:-1], *after[:-1]]}
    assert list(joined.values()) == lines(whole)[:-1]


def test_resume_refuses_a_changed_knob_and_a_finished_run(genlab, tmp_path):
    with start(tmp_path / "runs", "run", "toy", "--json", *LONG) as child:
        child.stdout.readline()
        child.terminate()
        child.stdout.read()
    code, out, err = genlab("resume", "toy-custom-s0", "--rate", "0.5")
    assert (code, out) == (Exit.USAGE, "")
    assert "decay rate" in err
    assert "0.1, got 0.5" in err
    assert "needs a value" in genlab("resume", "toy-custom-s0", "--rate")[2]
    assert "unexpected 'again'" in genlab("resume", "toy-custom-s0", "again")[2]
    assert "no knob 'rat'; did you mean rate?" in genlab("resume", "toy-custom-s0", "--rat=1")[2]
    genlab("run", "toy")
    code, _, err = genlab("resume", "toy-quick-s0")
    assert code == Exit.RUN_FAILED
    assert "finished" in err


def test_a_closed_pipe_of_a_listing_is_quiet(tmp_path):
    with start(tmp_path / "runs", "info", "toy") as child:
        child.stdout.close()
        assert child.wait(60) == 0
        assert child.stderr.read() == ""


def test_plain_lines_without_a_terminal(tmp_path):
    code, out, err = finish(tmp_path, "run", "toy", "--steps", "600")
    progress = [line for line in err.splitlines() if line.startswith("toy custom: ")]
    assert (code, out) == (0, "toy-custom-s0\n")
    assert progress[-1].startswith("toy custom: finished, step 600 of 600")
    assert "\x1b" not in err


def test_detach_returns_at_once_and_the_run_goes_on_in_its_own_session(tmp_path):
    runs = tmp_path / "runs"
    code, out, err = finish(runs, "run", "toy", "--steps", "1000000", "--pause", "0.001", "--detach", "--json")
    (told,) = lines(out)
    assert (code, err) == (0, "")
    assert told["event"] == "detached"
    process, folder = told["process"], Path(told["folder"])
    try:
        assert os.getsid(process) == process != os.getsid(0)
        until(lambda: "running, step" in (folder / "log.txt").read_text(), "a line of the log")
        assert not (folder / "result.json").exists()
    finally:
        os.kill(process, signal.SIGTERM)
    until(lambda: "genlab resume toy-custom-s0" in (folder / "log.txt").read_text(), "the end of the log")
    assert (folder / "result.json").exists()


def test_detach_reports_a_run_that_cannot_begin(tmp_path):
    (tmp_path / "runs").write_text("a file where the folder should be")
    code, out, err = finish(tmp_path / "runs", "run", "toy", "--detach")
    assert (code, out) == (Exit.RUN_FAILED, "")
    assert err.startswith("genlab: cannot ")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_detach_that_is_interrupted_before_there_is_a_run_leaves_none_behind(tmp_path, number):
    program = (
        "import sys; from lab.running import detached; said = 'import time; print(1, file=sys.stderr, flush=True); time.sleep(1000)'\n"
        "detached.genlab_command = lambda: [sys.executable, '-c', 'import sys; ' + said]; sys.exit(detached.detach([]))"
    )
    with subprocess.Popen([sys.executable, "-c", program], env=environment(tmp_path), stderr=subprocess.PIPE, text=True) as parent:
        until(lambda: psutil.Process(parent.pid).children(), "a run in the background")
        (child,) = psutil.Process(parent.pid).children()
        parent.send_signal(number)
        err = parent.stderr.read()
    assert parent.returncode == Exit.INTERRUPTED and "Traceback" not in err and err
    assert not child.is_running()


def test_detach_where_no_process_can_be_started_is_one_sentence(monkeypatch):
    def refused(*_, **__):
        raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))

    monkeypatch.setattr(subprocess, "Popen", refused)
    with pytest.raises(LabError, match="no process could be started: resource temporarily unavailable"):
        detach(["run", "toy"])


def test_a_detached_run_that_the_disk_refuses_goes_on_and_says_so_in_its_code(tmp_path):
    def small_files():
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))

    with start(tmp_path, "run", "toy", "--announce", preexec_fn=small_files) as child:
        announced, err = json.loads(child.stdout.readline()), child.stderr.read()
    assert (child.returncode, announced["run"], err) == (Exit.RUN_FAILED, "toy-quick-s0", "")


def test_a_run_on_a_terminal_shows_a_bar_with_rate_and_time_left(tmp_path):
    master, slave = pty.openpty()
    child = subprocess.Popen(
        [sys.executable, "-P", "-m", "genlab", "run", "toy", *LONG],
        stdout=subprocess.PIPE, stderr=slave, stdin=slave, env=environment(tmp_path, TERM="xterm-256color", COLUMNS="160"),
    )  # fmt: skip
    os.close(slave)
    shown = b""
    with child:
        while b"steps/s" not in shown or b"s left" not in shown:
            shown += os.read(master, 65536)
        child.send_signal(signal.SIGINT)
        with contextlib.suppress(OSError):  # the other side is closed
            while piece := os.read(master, 65536):
                shown += piece
        assert child.stdout.read() == b"toy-custom-s0\n"
    os.close(master)
    assert child.returncode == Exit.INTERRUPTED
    assert b"\x1b[?25h" in shown  # the cursor is given back


def test_arrays_and_curves_of_a_run_equal_the_law(genlab, tmp_path):
    genlab("run", "toy", "--steps", "100")
    code, out, _ = genlab("export", "toy-custom-s0", "--to", "npz", "--out", str(tmp_path / "out"))
    assert code == 0
    with np.load(out.strip(), allow_pickle=False) as found:
        np.testing.assert_allclose(found["w"], [0.9**100], rtol=1e-12)
        np.testing.assert_allclose(found["series/value/0/y"], 0.9 ** found["series/value/0/x"], rtol=1e-12)


def test_a_run_over_a_minute_says_so_at_its_start_and_a_short_one_nothing(genlab, monkeypatch):
    from engine.estimates import Estimate
    from lab.running import single

    for seconds in (59.0, 240.0):
        monkeypatch.setattr(single, "estimate", lambda *asked, seconds=seconds: Estimate(seconds, measured=True))
        _, _, err = genlab("run", "toy", "--steps", "5")
        assert err.startswith("about 4 min of work on this machine\n") == (seconds > 60)
        first = lines(genlab("run", "toy", "--steps", "5", "--json")[1])[0]
        assert (first == {"event": "estimate", "seconds": 240, "measured": True}) == (seconds > 60)
        assert genlab("run", "toy", "--steps", "5", "--quiet")[2] == ""


@pytest.mark.parametrize("gpu", [False, True])
def test_a_preset_that_needs_more_says_so_at_its_start_where_there_is_no_gpu(genlab, monkeypatch, gpu):
    from engine.estimates import Estimate
    from lab.running import single

    monkeypatch.setattr(single, "may_be_gpu", lambda device: gpu)
    for found, said in ((None, "how long it takes on this machine, genlab doctor --full measures"), (240.0, "about 4 min of work")):
        monkeypatch.setattr(single, "estimate", lambda *asked, found=found: found and Estimate(found, measured=True))
        first = genlab("run", "toy", "--preset", "elsewhere")[2].splitlines()[0]
        assert first.endswith("; preset elsewhere needs numbers") != gpu
        assert first.startswith(said) == (found is not None or not gpu)
        assert "needs" not in genlab("run", "toy", "--preset", "elsewhere", "--quiet")[2]
