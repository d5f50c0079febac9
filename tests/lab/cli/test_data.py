"""`genlab data`: a person's own files are taken in, shown, used by name and removed; what is wrong is said in one sentence."""

import json

import numpy as np
import pytest

from engine.errors import Exit
from lab.importing import import_typed
from tests.engine.data.own.formats import cifar10, colours, csv, idx, images
from tests.lab.command_line import lines

LABELS = np.arange(130) % 3
ROWS = [
    (f"{x:.3f}", f"{y:.3f}", "abc"[label]) for (x, y), label in zip(np.random.default_rng(0).normal(size=(130, 2)), LABELS, strict=True)
]
TINY = ("--n", "100", "--tests", "30", "--h", "2,4", "--samples", "0", "--steps", "100")


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("GENLAB_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text(csv(ROWS, ("one", "two", "kind")))
    return str(path)


def test_a_table_is_imported_shown_listed_and_removed(genlab, table, folder):
    code, out, err = genlab("data", "import", "mine", table)
    assert code == 0 and err.splitlines()[0] == "imported mine: 130 rows of 2 numbers in 3 classes"
    assert "a 44, b 43, c 43" in out and "genlab run random-labels --dataset mine --n 104\n" in out
    assert "max-margin: a margin lies between two classes, and mine has 3: a, b, c" in out
    assert genlab("data", "show", "mine")[1] == out
    shown = json.loads(genlab("data", "show", "mine", "--json")[1])
    assert (shown["name"], shown["rows"], shown["shape"], shown["counts"]) == ("mine", 130, [2], [44, 43, 43])
    assert {"phenomenon": "random-labels", "knobs": {"dataset": "mine", "n": 104}} in shown["used_by"]
    assert (folder / f"{shown['sha256']}.npz").is_file()
    listed = {record["name"]: record for record in lines(genlab("data", "list", "--json")[1])}
    assert listed["mine"]["imported"] and not listed["digits5k"]["imported"]
    assert " mine " in genlab("data", "list")[1]
    assert genlab("data", "path")[1].strip() == str(folder)
    code, _, err = genlab("data", "rm", "mine")
    assert code == Exit.USAGE and "data rm removes mine for good and cannot ask here" in err and "--yes" in err
    assert "unmine" in genlab("data", "rm", "unmine")[2] and " mine " in genlab("data", "list")[1]
    assert genlab("data", "rm", "mine", "--yes")[0] == 0
    assert "mine" not in genlab("data", "list")[1] and list(folder.iterdir()) == []


def test_points_are_shown_as_they_are_taken(genlab, tmp_path):
    (tmp_path / "points.csv").write_text("x,y,side\n1,2,a\n2,2.5,a\n3,1,a\n-1,-2,b\n-2,-1,b\n")
    out = genlab("data", "import", "points", str(tmp_path / "points.csv"))[1]
    assert "genlab run max-margin --data points\n" in out and "points as they were given: max-margin" in out
    assert "at least 1 row is kept" in out and "rows are kept" not in out  # by minimum norm, with two rows to learn
    assert "random-labels: points has 5 rows, of which 4 may be trained on, where at least 100 are needed" in out


def test_importing_again_is_a_sentence_and_other_data_need_force(genlab, table, tmp_path):
    genlab("data", "import", "mine", table)
    assert genlab("data", "import", "mine", table)[2].startswith("mine is here already, with the same content: 130 rows")
    (tmp_path / "u.csv").write_text(csv(ROWS[:50]))
    code, out, err = genlab("data", "import", "mine", str(tmp_path / "u.csv"))
    assert (code, out) == (Exit.USAGE, "") and "mine already, with other content (130 rows from t.csv)" in err and "--force" in err
    assert genlab("data", "import", "mine", str(tmp_path / "u.csv"), "--force")[0] == 0


def test_other_formats_and_options(genlab, tmp_path):
    (tmp_path / "i-idx3-ubyte").write_bytes(idx(images(130)))
    (tmp_path / "l").write_bytes(idx(LABELS))
    for number in (1, 2):
        (tmp_path / f"b{number}.bin").write_bytes(cifar10(colours(10, number), np.arange(10)))
    (tmp_path / "e.csv").write_text("3\n2\n1\n")
    np.savez(tmp_path / "p.npz", X=images(130).reshape(130, 36), y=np.linspace(0, 1, 130))
    for name, words, said in (
        ("i", ("i-idx3-ubyte", "--labels", "l"), "130 images of 6x6 in 3 classes"),
        ("c", ("b1.bin", "b2.bin"), "20 images of 32x32x3 in 10 classes"),
        ("e", ("e.csv", "--kind", "spectrum"), "3 eigenvalues from 3 down to 1"),
        ("p", ("p.npz", "--shape", "6x6"), "130 images of 6x6 with targets from 0 to 1"),
    ):
        given = [str(tmp_path / word) if (tmp_path / word).exists() else word for word in words]
        code, _, err = genlab("data", "import", name, *given)
        assert code == 0 and err.startswith(f"imported {name}: {said}")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("mine", "missing.csv"), Exit.USAGE, "there is no such file"),
        (("mine", "t.csv", "--kind", "clases"), Exit.USAGE, "--kind must be one of classes, targets, spectrum, got clases"),
        (("mine", "t.csv", "--shape", "3"), Exit.USAGE, "--shape 3 is 3 numbers, and a row has 2"),
        (("mine", "t.csv", "--shape", "a,b"), Exit.USAGE, "--shape must be height and width"),
        (("mine", "t.csv", "--target", "tow"), Exit.USAGE, "no column 'tow'; did you mean two?"),
        (("mine", "t.csv", "--lables", "x"), Exit.USAGE, "did you mean --labels?"),
        (("mine",), Exit.USAGE, "missing argument"),
        (("digits5k", "t.csv"), Exit.USAGE, "the name digits5k is taken"),
        (("../mine", "t.csv"), Exit.USAGE, "'../mine' is no name for a data set"),
        (("mine", "empty.csv"), Exit.DATA_MISSING, "empty.csv is empty"),
    ],
)
def test_mistakes(genlab, table, tmp_path, monkeypatch, folder, words, code, said):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty.csv").write_text("")
    found, out, err = genlab("data", "import", *words)
    assert (found, out) == (code, "") and said in err and len(err.splitlines()) == 2
    assert not folder.exists()


def test_names_that_are_not_there(genlab, table):
    genlab("data", "import", "mine", table)
    for words in (("show", "mien"), ("rm", "mien")):
        code, out, err = genlab("data", *words)
        assert (code, out) == (Exit.USAGE, "") and "'mien'; did you mean mine?" in err
    assert "digits5k is built in and stays" in genlab("data", "rm", "digits5k")[2]
    assert "digits5k" in genlab("data", "show", "digits5k")[1]


def test_a_run_takes_the_name_and_holds_the_content(genlab, table):
    genlab("data", "import", "mine", table)
    assert "mine" in genlab("info", "deep-double-descent")[1]
    content = json.loads(genlab("data", "show", "mine", "--json")[1])["sha256"]
    code, out, err = genlab("run", "deep-double-descent", "--data", "mine", *TINY, "--quiet", "--device", "cpu")
    assert (code, err) == (0, "")
    shown = lines(genlab("show", out.strip(), "--json")[1])[-1]
    assert (shown["config"]["dataset"], shown["config"]["dataset_sha256"]) == ("mine", content)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--data", "mien"), "digits196, mnist, fashion-mnist, cifar10, mine, got mien; did you mean mine?"),
        (("--data", "mine"), "must be at most 130 together on mine, got"),
    ],
)
def test_a_run_refuses_what_it_cannot_have(genlab, table, words, said):
    genlab("data", "import", "mine", table)
    code, out, err = genlab("run", "deep-double-descent", *words)
    assert (code, out) == (Exit.USAGE, "") and said in err


def test_resuming_refuses_other_content_and_says_where_gone_data_come_from(genlab, table, tmp_path):
    from engine import registry
    from engine.runner import Runner
    from engine.store import runs_root
    from tests.engine.running import until

    genlab("data", "import", "mine", table)
    given = {"dataset": "mine", "n": 100, "tests": 30, "h": (2, 4), "samples": (0,), "steps": 500_000}
    runner = Runner("deep-double-descent", registry.spec("deep-double-descent").configure("quick", given), "custom", (0,), root=runs_root())
    runner.start()
    run = until(lambda: runner.latest().step > 20 and runner.latest().run)
    assert runner.close(60)
    (tmp_path / "u.csv").write_text(csv(ROWS[1:]))
    assert genlab("data", "import", "mine", str(tmp_path / "u.csv"), "--force")[0] == 0
    code, out, err = genlab("resume", run, "--quiet")
    assert (code, out) == (Exit.DATA_MISSING, "") and "the data set mine is another one now" in err
    genlab("data", "rm", "mine", "--yes")
    code, out, err = genlab("resume", run, "--quiet")
    assert (code, out) == (Exit.DATA_MISSING, "")
    assert err.splitlines()[1] == "  import it: genlab data import mine FILE" and "the data set mine" in err
    assert genlab("show", run)[0] == 0


def test_what_is_typed_in_the_app_is_read_as_the_command_reads_it(table, tmp_path):
    assert import_typed("mine", f"{table} --target kind").startswith("imported mine: 130 rows of 2 numbers in 3 classes; read as CSV")
    for typed, said in (
        ("", "missing argument"),
        ("'", "cannot be read"),
        ("a --targe x", "did you mean --target?"),
        ("--help", "no file"),
    ):
        with pytest.raises(Exception, match=said):
            import_typed("other", typed)


def test_imported_data_whose_content_is_damaged_are_said_with_what_brings_them_back(genlab, tmp_path, monkeypatch):
    monkeypatch.setenv("GENLAB_DATA", str(tmp_path / "data"))
    (tmp_path / "few.csv").write_text("a,b\n" + "".join(f"{k},{k % 3}.5\n" for k in range(40)))
    assert genlab("data", "import", "few", str(tmp_path / "few.csv"))[0] == 0
    (content,) = (tmp_path / "data").glob("*.npz")
    whole = content.read_bytes()
    for damage, said in ((None, "is missing"), (whole[:-9], "bytes instead of"), (whole[:300] + b"?" + whole[301:], "is damaged")):
        content.unlink(missing_ok=True)
        if damage is not None:
            content.write_bytes(damage)
        (record,) = lines(genlab("data", "show", "few", "--json")[1])
        assert said in record["problem"] and "genlab data import few FILE" in " ".join(genlab("data", "show", "few")[1].split())
        listed = {record["name"]: record for record in lines(genlab("data", "list", "--json")[1])}
        if damage is None or len(damage) != len(whole):  # otherwise only reading it tells
            assert said in listed["few"]["problem"] and "damaged" in genlab("data", "list")[1]
    assert genlab("data", "import", "few", str(tmp_path / "few.csv"))[0] == 0
    assert not lines(genlab("data", "show", "few", "--json")[1])[0]["problem"]
