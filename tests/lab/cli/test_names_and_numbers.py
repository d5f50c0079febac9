"""Names of nothing that is there are wrong usage (exit 2), and errors show numbers as they were typed."""

import contextlib

import pytest

from engine import registry
from engine.config import build
from engine.errors import ECHOED, Exit, KnobError, echoed
from engine.registry import spec

RUN_COMMANDS = (
    ("show",), ("show", "--json"), ("export", "--to", "csv"), ("resume",), ("resume", "--json"), ("watch",), ("rm", "--yes"),
)  # fmt: skip


@pytest.mark.parametrize("name", ["nothing", "foreign", "letter.txt", "~nosuchuser/x", "/nowhere/at/all", "..", ""])
@pytest.mark.parametrize("command", [*RUN_COMMANDS, ("compare", "x")])
def test_a_run_that_is_not_there_is_wrong_usage_in_every_command(genlab, tmp_path, command, name):
    (tmp_path / "runs" / "foreign").mkdir(parents=True)
    (tmp_path / "runs" / "letter.txt").write_text("dear diary")
    code, out, err = genlab(command[0], name, *command[1:])
    assert (code, out) == (Exit.USAGE, "")
    assert len(err.splitlines()) == 2 and err.endswith("See: genlab runs\n")


@pytest.mark.parametrize(
    "args",
    [
        "run nothing", "info nothing", "verify nothing", "sweep nothing --grid rate=.1", "data fetch nothing", "bench nothing",
        "run toy --preset nothing", "verify toy --preset nothing", "sweep toy --preset nothing --grid rate=.1",
        "sweep toy --grid nothing=1", "run toy --nothing 1", "run toy --device nothing", "nothing",
    ],
)  # fmt: skip
def test_a_name_of_nothing_is_wrong_usage(genlab, args):
    code, out, err = genlab(*args.split())
    assert (code, out) == (Exit.USAGE, "")
    assert "nothing" in err and len(err.splitlines()) <= 2


def test_figures_and_formats_too(genlab, run):
    name = run()
    assert genlab("show", name, "--figure", "nothing")[0] == Exit.USAGE
    assert genlab("export", name, "--to", "nothing")[0] == Exit.USAGE


@pytest.mark.parametrize("command", ["runs", "doctor", "show x", "run toy", "rm x --yes", "sweep toy --grid rate=.1", "verify toy"])
def test_the_home_of_nobody_is_one_sentence(genlab, monkeypatch, tmp_path, command):
    monkeypatch.chdir(tmp_path)
    for asked in ("option", "variable"):
        if asked == "variable":
            monkeypatch.setenv("GENLAB_RUNS", "~nosuchuser/x")
        if (asked, command) == ("variable", "verify toy"):
            continue  # which stores only where it is told to
        code, out, err = genlab(*command.split(), *(["--runs", "~nosuchuser/x"] if asked == "option" else []))
        assert (code, out) == (Exit.USAGE, "")
        assert err == "genlab: there is no user ~nosuchuser\n  choose another place with --runs DIR or the variable GENLAB_RUNS\n"
    assert not (tmp_path / "~nosuchuser").exists()


@pytest.mark.parametrize("where", ["--out", "GENLAB_DATA"])
def test_the_home_of_nobody_elsewhere(genlab, run, monkeypatch, tmp_path, where):
    name = run()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GENLAB_DATA", "~nosuchuser/x")
    code, _, err = genlab(*(("export", name, "--to", "csv", "--out", "~nosuchuser/x") if where == "--out" else ("data", "path")))
    assert (code, err.splitlines()[0]) == (Exit.USAGE, "genlab: there is no user ~nosuchuser")


DIGITS = "9" * 400
SHOWN = f"{'9' * ECHOED}... (400 characters)"


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--rate", "1e999"), "between 0 and 1, got 1e999"),
        (("--rate", "NaN"), "between 0 and 1, got NaN"),
        (("--rate", "-1_0"), "between 0 and 1, got -1_0"),
        (("--rate", DIGITS), f"between 0 and 1, got {SHOWN}"),
        (("--steps", "1e999"), "(steps), got 1e999"),
        (("--steps", "-0"), "(steps), got -0"),
        (("--steps", DIGITS), f"(steps), got {SHOWN}"),
        (("--steps", "2_000_000_000"), "(steps), got 2_000_000_000"),
        (("--widths", f"1,{DIGITS}"), f"between 1 and 64, got {SHOWN}"),
        (("--widths", "1,6_5"), "between 1 and 64, got 6_5"),
        (("--seed", "1e999"), "between 0 and 2147483647, got 1e999"),
        (("--seed", DIGITS), f"between 0 and 2147483647, got {SHOWN}"),
        (("--seed", "9" * 9000), f"between 0 and 2147483647, got {'9' * ECHOED}... (9,000 characters)"),
        (("--seeds", "1_000"), "between 1 and 20, got 1_000"),
        (("--threads", "-0"), "between 1 and 64, got -0"),
        (("--threads", "nan"), "between 1 and 64, got nan"),
    ],
)
def test_a_number_is_echoed_as_it_was_typed(genlab, args, said):
    code, out, err = genlab("run", "toy", *args)
    assert (code, out) == (Exit.USAGE, "")
    assert err.splitlines()[0].endswith(said)


@pytest.mark.parametrize("value", ["1e999", "NaN", "1_0", DIGITS])
def test_a_number_of_a_grid_too(genlab, value):
    code, _, err = genlab("sweep", "toy", "--grid", f"rate=.1,{value}")
    assert code == Exit.USAGE
    assert err.splitlines()[0].endswith(f"got {SHOWN if value == DIGITS else value}")


def test_what_is_echoed_is_cut_by_cells():
    assert echoed("x" * ECHOED) == "x" * ECHOED
    assert echoed("a\nb\x1b") == r"a\nb\x1b"
    assert echoed("字" * ECHOED) == "字" * (ECHOED // 2) + f"... ({ECHOED} characters)"


def test_numbers_are_read_to_the_last_digit(toys):
    knob = spec("toy").config.knob
    assert str(knob("rate").parse("-0")) == "0.0"
    with pytest.raises(KnobError, match="got 9007199254740993"):
        knob("steps").parse(9007199254740993)
    assert knob("steps").parse("1e3") == 1000


@pytest.mark.parametrize("name", registry.names())
def test_a_number_of_thousands_of_digits_is_a_sentence_for_every_knob(name):
    kind = registry.spec(name).config
    for knob in kind.knobs():
        with contextlib.suppress(KnobError):
            build(kind, {knob.name: 7**9000})
