import pytest

from engine import estimates
from genlab.own_packages import Complaint
from lab import doctor
from tests.lab.command_line import lines


def found(checks):
    return {check.name: check for check in checks}


@pytest.mark.parametrize(
    ("version", "bounds", "fine"),
    [
        ("8.2.8", ">=8.0", True),
        ("7.9", ">=8.0", False),
        ("5.3.2", ">=5.3.2,<6", True),
        ("6.0", ">=5.3.2,<6", False),
        ("2.13.0+cpu", ">=2.6", True),
        ("2.5.1", ">=2.6", False),
        ("0.0.2.post1", ">=0.0.2", True),
        ("6", ">=6.0", True),
        ("6.0.0rc1", "<6", False),
        ("1.0", "", True),
    ],
)
def test_bounds(version, bounds, fine):
    assert doctor.satisfies(version, bounds) is fine


def test_a_missing_or_old_package_is_a_problem_with_the_command_that_mends_it():
    checks = found(doctor.packages(["no-such-package>=3", "pytest>=9999", "rich>=1", "pytest>=1; extra == 'dev'"]))
    assert checks["no-such-package"].level == "problem"
    assert checks["no-such-package"].advice == "pip install 'no-such-package>=3'"
    assert checks["pytest"].advice == "pip install 'pytest>=9999'"
    assert checks["rich"].level == "ok"


def test_the_installed_packages_satisfy_what_genlab_declares():
    assert {check.level for check in doctor.packages()} == {"ok"}


def test_a_name_that_another_package_has_taken_is_a_problem(monkeypatch):
    assert {check.level for check in doctor.own_names()} == {"ok"}
    taken = Complaint("lab", "the name 'lab' is taken by /elsewhere/lab")
    monkeypatch.setattr(doctor, "misplaced", lambda: [taken])
    monkeypatch.setattr(doctor, "shared", lambda: [Complaint("engine", "the name 'engine' is also that of the installed trains")])
    checks = found(doctor.own_names())
    assert {name: check.level for name, check in checks.items()} == {"engine": "problem", "screens": "ok", "lab": "problem"}
    assert checks["lab"].value == taken.sentence
    assert "pipx install genlab" in checks["engine"].advice


@pytest.mark.parametrize(("size", "level"), [((59, 24), "problem"), ((80, 14), "problem"), ((70, 20), "note"), ((80, 24), "ok")])
def test_terminal_sizes(size, level):
    assert found(doctor.terminal({"TERM": "xterm-256color", "LANG": "C.UTF-8"}, size))["size"].level == level


def test_terminal_colours_characters_and_sessions():
    remote = {"TERM": "xterm-256color", "LANG": "C", "SSH_CONNECTION": "a b"}
    checks = found(doctor.terminal(remote, (80, 24)))
    assert checks["colours"].value == "256"
    assert checks["characters"].value == "ASCII only"
    assert "LANG=C.UTF-8" in checks["characters"].advice
    assert checks["session"].value == "over ssh"
    assert "--detach" in checks["session"].advice
    kept = found(doctor.terminal(remote | {"TMUX": "1", "TERM": "screen", "LANG": "de_DE.UTF-8", "COLORTERM": "truecolor"}, (80, 24)))
    assert kept["session"].value == "over ssh in tmux"
    assert kept["session"].level == "ok"
    assert "tmux-256color" in kept["TERM"].advice
    assert kept["colours"].value == "16 million"
    assert kept["characters"].level == "ok"
    assert found(doctor.terminal({"TERM": "dumb"}, (80, 24)))["TERM"].level == "problem"
    assert found(doctor.terminal({"NO_COLOR": "1"}, (80, 24)))["colours"].value == "none (NO_COLOR)"


def test_a_folder_that_cannot_be_written_is_a_problem(tmp_path):
    (tmp_path / "file").write_text("")
    checks = found(doctor.folders(tmp_path / "file"))
    assert checks["runs"].level == "problem"
    assert "GENLAB_RUNS" in checks["runs"].advice


def test_a_kept_speed_that_does_not_count_or_cannot_be_kept_is_said(tmp_path, monkeypatch):
    monkeypatch.setenv("GENLAB_CACHE", str(tmp_path / "cache"))
    assert "kept speed" not in found(doctor.pace())
    path = estimates.path()
    path.parent.mkdir()
    path.write_text('{"products": 1e30}')
    (kept, speed) = doctor.pace()
    assert (kept.name, kept.level, speed.value) == ("kept speed", "note", "not measured yet")
    assert kept.value.startswith(f"does not count: {path} is damaged: ") and "genlab doctor --full" in kept.advice
    monkeypatch.setenv("GENLAB_CACHE", str(path))
    assert found(doctor.pace())["kept speed"].value == f"cannot be written: {path} is no folder"


def test_damaged_runs_are_counted(tmp_path):
    (tmp_path / "torn").mkdir()
    (tmp_path / "torn" / "manifest.json").write_text("{")
    check = found(doctor.folders(tmp_path))["stored runs"]
    assert check.value == "1, 1 damaged"
    assert "torn" in check.advice


def test_doctor_prints_every_check_and_its_json_agrees(genlab):
    code, out, _ = genlab("doctor", "--json")
    records = lines(out)
    problems = sum(record.get("level") == "problem" for record in records[:-1])
    assert records[-1] == {"event": "doctor", "problems": problems}
    assert code == (3 if problems else 0)
    assert {"python", "package", "torch", "terminal", "folder", "data"} <= {record.get("group") for record in records}
    out = genlab("doctor")[1]
    for record in records[:-1]:
        assert record["name"] in out
