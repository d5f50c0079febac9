"""`genlab verify`: independent runs side by side, claims counted against the luck that they admit, reports for machines."""

import os
import re
import signal
import time
from xml.etree import ElementTree

import psutil
import pytest

from engine.errors import Exit
from tests.lab.command_line import finish, lines, start

PATIENCE = 60.0  # seconds until a condition that should come is called missing


def children(process):
    """The runs that a verification has started, as soon as there are any."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        found = psutil.Process(process.pid).children()
        if found:
            return found
        time.sleep(0.01)
    raise AssertionError("no child was started")


def test_one_run_each_counts_marks_and_exits_by_them(tmp_path):
    code, out, err = finish(tmp_path / "runs", "verify", "toy")
    assert (code, err) == (0, "1 of 1: toy from seed 0: finished\n")
    assert out.rstrip().endswith("1 yes, 0 no, 0 not yet, 1 not run")
    code, out, err = finish(tmp_path / "runs", "verify", "toy", "--preset", "short", "--quiet")
    assert (code, err) == (Exit.CLAIM_FAILED, "")  # never decided
    assert not (tmp_path / "runs").exists()


def test_runs_are_independent_and_their_numbers_those_of_single_runs(tmp_path):
    code, out, err = finish(tmp_path, "verify", "toy", "--preset", "standard", "--seeds", "2", "--seed", "5", "--json")
    result, summary = lines(out)
    assert (code, err) == (0, "")
    assert (result["event"], result["phenomenon"], result["seeds"], result["problems"]) == ("result", "toy", [5, 8], [])
    halves, three = result["claims"]
    assert (halves["id"], halves["decided"], halves["failed"], halves["status"]) == ("T1", 2, 0, "holds")
    assert (three["chance"], three["identity"], three["probability"], three["too_often"]) == (0.0, False, 1.0, False)
    for row in halves["runs"]:
        single = finish(tmp_path, "run", "toy", "--preset", "standard", "--seed", str(row["seed"]), "--threads", "1", "--json")
        alone = next(claim for claim in lines(single[1])[-1]["claims"] if claim["id"] == "T1")
        assert row == {"seed": row["seed"], **alone}
    counts = {"holds": 2, "fails": 0, "pending": 0, "censored": 0, "not run": 0, "not applicable": 0}
    assert summary == {"event": "verify", "preset": "standard", "seeds": 2, **counts, "too_often": [], "problems": 0, "interrupted": False}


def test_what_is_stored_is_stored_where_it_is_told_to(tmp_path):
    assert finish(tmp_path / "runs", "verify", "toy", "--runs", str(tmp_path / "kept"), "--seeds", "2", "--quiet")[0] == 0
    assert {path.name for path in (tmp_path / "kept").iterdir()} == {"toy-quick-s0", "toy-quick-s1"}
    assert not (tmp_path / "runs").exists()


def test_a_report_has_a_case_a_claim(tmp_path):
    path = tmp_path / "report.xml"
    path.symlink_to(tmp_path / "secret")
    code, out, _ = finish(tmp_path, "verify", "toy", "--junit", str(path), "--json")
    assert (code, len(lines(out))) == (0, 2)
    assert not path.is_symlink() and not (tmp_path / "secret").exists()
    (suite,) = ElementTree.parse(path).getroot()
    assert suite.attrib == {"name": "toy", "tests": "2", "failures": "0", "errors": "0", "skipped": "1"}
    assert [(case.get("classname"), case.get("name"), [child.tag for child in case]) for case in suite] == [
        ("genlab.toy", "T1 The number halves", ["properties"]),
        ("genlab.toy", "T2 It takes three seeds", ["properties", "skipped"]),
    ]


def test_where_data_are_missing_nothing_was_run_and_nothing_failed(tmp_path):
    path = tmp_path / "report.xml"
    code, out, err = finish(tmp_path, "verify", "toy", "--preset", "elsewhere", "--seeds", "2", "--json", "--junit", str(path))
    result, summary = lines(out)
    assert (code, result["problems"], summary["not run"], summary["problems"]) == (0, [], 2, 0)
    halves, three = result["claims"]
    assert [(row["status"], row["reason"], row["measured"]) for row in halves["runs"]] == 2 * [
        ("not run", "the numbers are not here", None)
    ]
    assert (three["status"], three["runs"][0]["reason"]) == ("not run", "needs preset standard")
    assert (halves["verdict"], halves["decided"], halves["counts"]["not run"]) == ("not run: the numbers are not here", 0, 2)
    assert err == "genlab: toy elsewhere: not run: the numbers are not here\n  fetch them\n"
    (suite,) = ElementTree.parse(path).getroot()
    assert (suite.get("skipped"), suite.get("errors"), suite[0].find("skipped").get("message")) == ("2", "0", halves["verdict"])
    code, out, err = finish(tmp_path, "verify", "toy", "--preset", "elsewhere")
    assert (code, out.splitlines()[-1]) == (0, "0 yes, 0 no, 0 not yet, 2 not run")
    assert "(the numbers are not here)" in out and "1 of 1: toy from seed 0: not run: the numbers are not here\n" in err


@pytest.mark.parametrize("name", ["nowhere/report.xml", "."])
def test_a_report_that_cannot_be_written_is_said_before_the_work(genlab, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    code, out, err = genlab("verify", "toy", "--junit", name)
    assert (code, out) == (Exit.USAGE, "")
    assert "--junit FILE" in err and "1 of 1" not in err


def test_seeds_beyond_the_last_are_wrong_usage(genlab):
    code, out, err = genlab("verify", "toy", "--preset", "standard", "--seeds", "2", "--seed", str(2**31 - 4))
    assert (code, out) == (Exit.USAGE, "")
    assert "beyond the last, 2147483647" in err


def test_a_killed_run_is_a_sentence_and_the_others_go_on(tmp_path):
    with start(tmp_path, "verify", "toy", "--seeds", "3", "--json", "--junit", str(tmp_path / "report.xml")) as child:
        children(child)[0].kill()
        result, summary = lines(child.stdout.read())
        err = child.stderr.read()
    assert child.returncode == Exit.RUN_FAILED
    (problem,) = result["problems"]
    assert problem["sentence"] == "killed by SIGKILL (often: out of memory)"
    assert err == f"genlab: toy from seed {problem['seed']}: killed by SIGKILL (often: out of memory)\n"
    assert (result["claims"][0]["decided"], summary["problems"]) == (2, 1)
    assert ElementTree.parse(tmp_path / "report.xml").getroot()[0].get("errors") == "1"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_ends_all(tmp_path, number):
    with start(tmp_path, "verify", "toy", "--seeds", "50", "--threads", "1", "--quiet") as child:
        begun = children(child)
        os.kill(child.pid, number)
        out, err = child.stdout.read(), child.stderr.read()
    assert child.returncode == Exit.INTERRUPTED
    assert "of 50 runs had ended, and only those are counted." in err
    assert out.splitlines()[-1] in ("0 yes, 0 no, 0 not yet, 0 not run", "1 yes, 0 no, 0 not yet, 1 not run")
    assert not any(process.is_running() and process.status() != psutil.STATUS_ZOMBIE for process in begun)


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_what_was_decided_before_an_interrupt_is_told(tmp_path, options):
    report = tmp_path / "report.xml"
    with start(tmp_path / "runs", "verify", "toy", "--seeds", "50", "--junit", str(report), *options) as child:
        if options:
            children(child)
        else:
            next(line for line in child.stderr if line.startswith("2 of 50"))
        os.kill(child.pid, signal.SIGINT)
        out, err = child.stdout.read(), child.stderr.read()
    assert child.returncode == Exit.INTERRUPTED
    ended = int(re.search(r"genlab: interrupted: (\d+) of 50 runs had ended", err)[1])
    if options:
        *results, summary = lines(out)
        assert summary["interrupted"] and [(len(one["seeds"]), one["complete"], one["problems"]) for one in results] == (
            [(ended, ended == 50, [])] if ended else []
        )
    else:
        assert ended >= 2 and f"toy quick, {ended} of 50 runs" in out and "1 yes" in out
    cases = list(ElementTree.parse(report).iter("testcase"))
    assert {case.get("name")[:2] for case in cases if case.find("error") is None} == ({"T1", "T2"} if ended else set())
    errors = [error.get("message") for case in cases for error in case.iter("error")]
    assert errors == ([] if ended == 50 else [f"interrupted: {ended} of 50 runs had ended"])


def test_an_unstored_run_ends_with_its_reader(tmp_path):
    with start(tmp_path, "run", "toy", "--unstored", "--json", "--steps", "1000000", "--pause", "0.001") as child:
        child.stdout.readline()
        child.stdout.close()
        assert child.wait(PATIENCE) == Exit.INTERRUPTED
        assert child.stderr.read() == ""
    assert not any(tmp_path.iterdir())
