"""What the command line says: help, lists, and one sentence for each mistake."""

import re
import subprocess
import sys

import pytest

from engine.errors import Exit
from lab.cli.main import main
from tests.lab.command_line import environment, lines

COMMANDS = (
    "list",
    "info",
    "run",
    "resume",
    "sweep",
    "runs",
    "watch",
    "show",
    "compare",
    "export",
    "rm",
    "verify",
    "data",
    "doctor",
    "bench",
)


def test_help_names_every_command(genlab):
    code, out, err = genlab("--help")
    assert (code, err) == (0, "")
    for name in COMMANDS:
        assert re.search(rf"^  {name}  +\S", out, re.MULTILINE), name


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_without_words_for_developers(genlab, name):
    code, out, _ = genlab(name, "--help")
    assert code == 0
    assert out.startswith(f"Usage: genlab {name}")
    assert "Raises" not in out


def test_knobs_are_options_with_range_default_and_choices(genlab):
    code, out, _ = genlab("run", "toy", "--help")
    words = " ".join(out.split())
    assert code == 0
    assert "--rate X What a step takes away [between 0 and 1; default 0.1; may change during a run]" in words
    assert "--mode plain|diverging|broken|impossible|missing" in words
    assert "--widths N,N,.." in words
    assert out.index("Options:") < out.index("--seeds") < out.index("Knobs:") < out.index("--steps")


def test_list_and_info(genlab):
    assert "does a number halve?" in genlab("list")[1]
    assert lines(genlab("list", "--json")[1])[-1] == {
        "event": "phenomenon",
        "name": "toy",
        "title": "Toy decay",
        "question": "does a number halve?",
    }
    out = genlab("info", "toy")[1]
    for words in ("--rate", "between 0 and 1", "standard", "steps=400", "T1", "The number halves", "Watch the number.", "nobody 1900"):
        assert words in out
    (record,) = lines(genlab("info", "toy", "--json")[1])
    assert [knob["option"] for knob in record["knobs"]] == ["--steps", "--rate", "--mode", "--pause", "--widths", "--extra"]


@pytest.mark.parametrize(
    ("args", "sentence", "hint"),
    [
        ("rnu", "no command 'rnu'; did you mean run?", "genlab --help"),
        ("toy --rate 3", "no command 'toy': it is a phenomenon", "Write: genlab run toy, or genlab info toy"),
        ("runs --jsno", "no option '--jsno'; did you mean --json?", "genlab runs --help"),
        ("--versoin", "no option '--versoin'; did you mean --version?", "genlab --help"),
        ("run tyo", "no phenomenon 'tyo'; did you mean toy?", "genlab list"),
        ("info tyo", "no phenomenon 'tyo'; did you mean toy?", "genlab list"),
        ("verify tyo", "no phenomenon 'tyo'; did you mean toy?", "genlab list"),
        ("run toy --widht 3", "no knob 'widht' of toy; did you mean widths?", "knobs: steps, rate, mode, pause, widths, extra"),
        ("run toy --preset quik", "no preset 'quik' of toy; did you mean quick?", "presets: quick, standard, short, elsewhere"),
        ("run toy --rate 4", "decay rate must be between 0 and 1, got 4", "default: 0.1"),
        ("run toy --rate nan", "decay rate must be between 0 and 1, got nan", "default: 0.1"),
        ("run toy --steps 1.5", "steps must be a whole number between 1 and 1000000000 (steps), got 1.5", "default: 200"),
        (
            "run toy --mode plian",
            "mode must be one of plain, diverging, broken, impossible, missing, got plian; did you mean plain?",
            "default",
        ),
        ("run toy --widths 1,99", "widths must be between 1 and 64, got 99", "default: 1,2"),
        ("run toy --seed -1", "seed must be between 0 and 2147483647, got -1", ""),
        ("run toy --seeds many", "seeds must be a whole number between 1 and 20, got many", ""),
        ("run toy --threads 0", "threads must be between 1 and 64, got 0", ""),
        ("run toy --device tpu", "tpu", ""),
        ("show", "missing argument 'RUN'", "genlab show --help"),
        ("show nothing", "no run 'nothing'", "genlab runs"),
        ("export nothing --to csv", "no run 'nothing'", "genlab runs"),
        ("bench nothing", "no bench entry 'nothing'", "See: genlab bench --list"),
        ("bench --list gorking", "no bench entry 'gorking'; did you mean grokking?", "See: genlab bench --list"),
        ("run toy --widths", "option --widths needs a value: N,N,..", "See: genlab run toy --help"),
        ("sweep toy --json --rate", "option --rate needs a value: X", "See: genlab sweep toy --help"),
        ("sweep toy --grid", "option --grid needs a value: KNOB=V1,V2,..", "See: genlab sweep toy --help"),
        ("show x --figure", "option --figure needs a value: NAME", "See: genlab show --help"),
        ("show x --json=3", "option --json takes no value", "See: genlab show --help"),
        ("data import x --kind", "option --kind needs a value", "See: genlab data import --help"),
        ("--runs", "option --runs needs a value: DIR", "See: genlab --help"),
        (
            "run toy --seed 2147483647 --seeds 2",
            "2 seeds from 2147483647 reach 2147483648",
            "with --seeds 2, --seed may be 0 to 2147483646",
        ),
        ("sweep toy --grid rate=.1 --seed 2147483646 --seeds 3", "beyond the last, 2147483647", "--seed may be 0 to 2147483645"),
        ("verify toy --seed 2147483647 --seeds 2", "2 runs from seed 2147483647", "with --seeds 2, --seed may be 0 to 2147483646 here"),
        ("data fetch digits", "no data set 'digits'; did you mean digits", "data sets: "),
        ("sweep toy --grid rate", "a grid is KNOB=V1,V2,..., KNOB=LOW:HIGH:log5 (or lin5), or KNOB=1:10, got 'rate'", "genlab info toy"),
        ("sweep toy --grid rate=.1,7", "decay rate must be between 0 and 1, got 7", "default: 0.1"),
        ("sweep toy --rate .1 --grid rate=.2", "knob 'rate' is given twice", "once"),
    ],
)
def test_a_mistake_is_one_sentence_and_one_hint(genlab, args, sentence, hint):
    code, out, err = genlab(*args.split())
    assert err.startswith("genlab: ")
    assert sentence in err
    assert hint in err
    assert out == ""
    assert code == Exit.USAGE
    assert len(err.splitlines()) <= 2


def test_without_a_terminal_the_app_names_the_headless_command(genlab):
    code, out, err = genlab()
    assert (code, out) == (Exit.USAGE, "")
    assert "needs a terminal" in err
    assert "genlab run NAME" in err


def test_a_defect_is_a_sentence_and_its_traceback_only_for_the_asking(genlab, monkeypatch, capfd):
    def broken():
        raise RuntimeError("bad day")

    monkeypatch.setattr("engine.data.own.data_folder", broken)
    code, out, err = genlab("data", "path")
    assert (code, out) == (Exit.RUN_FAILED, "")
    assert err == "genlab: unexpected RuntimeError: bad day\n  This is a defect of genlab; add --debug to see where.\n"
    assert main(["data", "path", "--debug"]) == Exit.RUN_FAILED
    assert "Traceback" in capfd.readouterr().err


def test_ascii_holds_for_tables_too(genlab, monkeypatch):
    assert not genlab("info", "toy")[1].isascii()
    assert genlab("info", "toy", "--ascii")[1].isascii()
    monkeypatch.delenv("GENLAB_ASCII")
    monkeypatch.setenv("LANG", "C")
    assert genlab("info", "toy")[1].isascii()


@pytest.mark.parametrize("args", [["--help"], ["list"], ["info", "toy"], ["run", "toy", "--help"]])
def test_reading_imports_neither_torch_nor_scipy(args, tmp_path):
    script = (
        f"import sys; sys.argv = ['genlab', *{args!r}]\n"
        "from genlab.__main__ import main\n"
        "code = main()\n"
        "heavy = {'torch', 'scipy', 'textual', 'matplotlib', 'pandas'} & set(sys.modules)\n"
        "sys.exit(f'{heavy}' if heavy else code)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, env=environment(tmp_path))
    assert (done.returncode, done.stderr) == (0, "")


@pytest.fixture
def complete(toys, monkeypatch, capsys, tmp_path):
    """A function that returns what bash would offer for the last of some words."""

    def offered(words):
        for name, value in {"COMP_WORDS": " ".join(words), "COMP_CWORD": str(len(words) - 1), "_GENLAB_COMPLETE": "complete_bash"}.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("GENLAB_RUNS", str(tmp_path))
        capsys.readouterr()
        with pytest.raises(SystemExit):
            main([])
        out, err = capsys.readouterr()
        assert err == ""
        return out.split()

    return offered


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (["genlab", "ver"], ["verify"]),
        (["genlab", "info", "t"], ["toy"]),
        (["genlab", "run", "to"], ["toy"]),
        (["genlab", "run", "toy", "--wid"], ["--widths"]),
        (["genlab", "run", "toy", "--mode", "di"], ["diverging"]),
        (["genlab", "run", "toy", "--extra", ""], ["yes", "no"]),
        (["genlab", "run", "toy", "--preset", "st"], ["standard"]),
        (["genlab", "export", "x", "--to", "n"], ["npz"]),
    ],
)
def test_the_shell_completes_names_knobs_and_choices(words, offered, complete):
    assert complete(words) == offered


def test_the_shell_completes_in_a_process_of_its_own(tmp_path):
    env = environment(tmp_path, COMP_WORDS="genlab run toy --wid", COMP_CWORD="3", _GENLAB_COMPLETE="complete_bash")
    done = subprocess.run([sys.executable, "-P", "-m", "genlab"], capture_output=True, text=True, check=False, env=env)
    assert (done.stdout.split(), done.stderr) == (["--widths"], "")


def test_options_before_a_command_reach_it_or_are_refused(genlab, tmp_path, monkeypatch):
    monkeypatch.setenv("GENLAB_RUNS", str(tmp_path / "default"))
    assert genlab("--runs", str(tmp_path / "given"), "run", "toy", "--quiet")[0] == 0
    assert [path.name for path in tmp_path.iterdir()] == ["given"]
    code, _, err = genlab("--device", "cpu", "list")
    assert code == 2
    assert "--device before a command" in err
