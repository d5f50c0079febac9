"""`genlab data` and published data sets: fetched from the loopback address, imported, listed, refused where they are not here."""

import gzip
import json
import os
import signal
import tarfile
from dataclasses import replace

import pytest

from engine.data.published import PUBLISHED, state
from engine.data.published.entry import DECODED
from engine.errors import Exit
from lab import doctor, published_data
from lab.importing import import_typed
from tests.engine.data.published.small import (
    DEAD,
    DEAD_HOST,
    QUICK,
    batches,
    escaping,
    lay,
    named,
    packed,
    serving,
    small_cifar10,
    small_mnist,
)
from tests.lab.command_line import lines


@pytest.fixture(autouse=True)
def small(tmp_path, monkeypatch):
    """MNIST and CIFAR-10 are small ones, which no mirror has."""
    monkeypatch.setenv("GENLAB_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("NO_PROXY", "*")
    for published, _ in (small_mnist((DEAD,)), small_cifar10((DEAD,))):
        monkeypatch.setitem(PUBLISHED, published.name, published)
    from engine.data.published import fetching

    monkeypatch.setattr(fetching, "Patience", lambda: QUICK)
    return tmp_path / "data"


def serve(monkeypatch, published, mirror):
    monkeypatch.setitem(PUBLISHED, published.name, replace(published, mirrors=(mirror.url,)))


def test_it_is_fetched_listed_shown_and_removed(genlab, small, monkeypatch):
    published, contents = small_mnist()
    listed = {record["name"]: record for record in lines(genlab("data", "list", "--json")[1])}
    assert not listed["mnist"]["here"] and listed["mnist"]["tests"] == 20 and len(listed["mnist"]["missing"]) == 4
    assert "not here: genlab data fetch mnist" in genlab("data", "list")[1]
    with serving(named(published, contents)) as mirror:
        serve(monkeypatch, published, mirror)
        code, out, err = genlab("data", "fetch", "mnist")
        assert (code, out.strip()) == (0, str(small / "mnist"))
        assert "fetching train-images-idx3-ubyte.gz from 127.0.0.1" in err
        assert err.splitlines()[-1] == "mnist is fetched: 60 images to train on, 20 to test on"
        assert genlab("data", "fetch", "mnist")[2] == "mnist is here already: 60 images to train on, 20 to test on\n"
    assert "here, " in genlab("data", "list")[1]
    shown = genlab("data", "show", "mnist")[1]
    assert "60 to train on and 20 to test on" in shown and "lazy-training --dataset mnist" in shown
    assert published.files[0].sha256 in shown.replace("\n", "").replace(" ", "")
    assert json.loads(genlab("data", "show", "mnist", "--json")[1])["here"]
    assert {check.name: check.value for check in doctor.data()}["mnist"].startswith("here")
    assert genlab("data", "rm", "mnist", "--yes")[0] == 0 and not (small / "mnist").exists()
    code, out, err = genlab("data", "rm", "mnist", "--yes")
    assert (code, out) == (Exit.USAGE, "") and "the data set mnist is not here" in err


def test_without_a_network_one_sentence_says_what_to_copy_where(genlab, small):
    code, out, err = genlab("data", "fetch", "cifar10")
    said = err.splitlines()
    assert (code, out) == (Exit.DATA_MISSING, "")
    assert said[-2].startswith(f"genlab: cifar-10-binary.tar.gz of cifar10 could not be fetched: {DEAD_HOST}: refuses connections")
    assert said[-1].endswith(f"copy cifar-10-binary.tar.gz from another machine into {small / 'cifar10'}")
    assert genlab("data", "path", "cifar10")[1].strip() == str(small / "cifar10")
    assert genlab("data", "path")[1].strip() == str(small)
    code, _, err = genlab("data", "path", "cifar1")
    assert code == Exit.USAGE and "did you mean cifar10?" in err


def test_a_run_and_a_sweep_are_refused_and_info_goes_on(genlab, tmp_path):
    for words in (("run", "random-labels", "--dataset", "mnist", "--n", "50"), ("run", "random-labels", "--dataset", "cifar100")):
        assert genlab(*words)[0] == Exit.USAGE
    asked = ("random-labels", "--dataset", "mnist", "--n", "60", "--batch", "20")
    assert genlab("run", *asked)[0] == Exit.USAGE  # n is at least 100
    for words in (
        ("run", "lazy-training", "--dataset", "mnist", "--n", "40"),
        ("run", "lazy-training", "--dataset", "mnist", "--n", "40", "--detach"),
        ("sweep", "lazy-training", "--grid", "dataset=teacher,mnist", "--n", "40"),
    ):
        code, out, err = genlab(*words)
        assert (code, out) == (Exit.DATA_MISSING, ""), words
        assert "genlab: the data set mnist is not here" in err and "genlab data fetch mnist; or, without a network, copy" in err
    assert not (tmp_path / "runs").exists() or not [path for path in (tmp_path / "runs").iterdir() if not path.name.startswith(".")]
    assert "mnist" in genlab("info", "lazy-training")[1]


def test_official_files_are_imported(genlab, small, tmp_path):
    published, contents = small_mnist()
    lay(published, contents, tmp_path / "usb")
    paths = [str(tmp_path / "usb" / file.name) for file in published.files]
    code, out, err = genlab("data", "import", "mnist", *paths[:3])
    assert code == 0 and err.startswith("imported 3 of the 4 files of mnist; still missing: t10k-labels-idx1-ubyte.gz")
    assert "t10k-labels-idx1-ubyte.gz" in out
    assert "files are missing" in genlab("run", "lazy-training", "--dataset", "mnist", "--n", "40")[2]
    (small / "mnist" / published.files[1].name).write_bytes(b"half")
    said = f"not here: {published.files[1].name} has 4 bytes instead of {published.files[1].size:,}: genlab data fetch mnist"
    assert {check.name: check.value for check in doctor.data()}["mnist"] == said
    lay(published, contents, small / "mnist")
    (small / "mnist" / published.files[3].name).unlink()
    assert genlab("data", "import", "mnist", paths[0], "--labels", paths[3])[2].startswith("imported mnist: 60 images to train on")
    assert state(PUBLISHED["mnist"]).decoded
    (tmp_path / "other.gz").write_bytes(contents[0][:-1])
    code, out, err = genlab("data", "import", "mnist", str(tmp_path / "other.gz"))
    assert (code, out) == (Exit.DATA_MISSING, "") and "is none of the files of mnist as they were published" in err
    code, out, err = genlab("data", "import", "mnist", paths[0], "--kind", "classes")
    assert (code, out) == (Exit.USAGE, "") and "--kind is for your own data" in err
    assert import_typed("cifar10", str(_archive(tmp_path))) == "imported cifar10: 60 images to train on, 20 to test on"


@pytest.mark.parametrize("with_files", [True, False])
def test_decoded_images_that_are_damaged_are_said_with_what_mends_them(genlab, small, with_files):
    published, contents = small_mnist()
    lay(published, contents, small / "mnist")
    assert genlab("data", "fetch", "mnist")[0] == 0
    path = small / "mnist" / DECODED / "train-images.npy"
    content = path.read_bytes()
    for file in published.files if not with_files else ():
        (small / "mnist" / file.name).unlink()
    assert "here, " in genlab("data", "list")[1]

    path.write_bytes(content[:-7])
    said = f"{path} is damaged: it has {len(content) - 7:,} bytes instead of {len(content):,}"
    what = "decode it anew" if with_files else "get it again"
    assert published_data.availability(PUBLISHED["mnist"]) == f"damaged: {said}; {what}: genlab data fetch mnist"
    assert "damaged: " in genlab("data", "list")[1] and "damaged: " in genlab("data", "show", "mnist")[1]
    listed = {record["name"]: record for record in lines(genlab("data", "list", "--json")[1])}
    assert (listed["mnist"]["here"], listed["mnist"]["decoded"], listed["mnist"]["problem"]) == (with_files, False, said)
    if not with_files:
        code, _, err = genlab("run", "lazy-training", "--dataset", "mnist", "--n", "40")
        assert code == Exit.DATA_MISSING and said in err and "genlab data fetch mnist" in err

    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))  # which only reading it tells
    assert "its content is no longer what was decoded" in json.loads(genlab("data", "show", "mnist", "--json")[1])["problem"]
    assert (genlab("data", "fetch", "mnist")[0] == 0) is with_files, "no mirror has it"
    assert bool(published_data.damage(PUBLISHED["mnist"], thorough=True)) is not with_files


LEAVING = {
    "../x": ("../x", tarfile.REGTYPE), "an absolute path": ("{outside}/x", tarfile.REGTYPE),
    "a wanted file elsewhere": ("../../data_batch_1.bin", tarfile.REGTYPE), "a symlink": ("batch", tarfile.SYMTYPE),
    "a hard link": ("data_batch_1.bin", tarfile.LNKTYPE),
}  # fmt: skip


@pytest.mark.parametrize("how", ["fetch", "import"])
@pytest.mark.parametrize("form", ["tar.gz", "tar"])
@pytest.mark.parametrize("leaving", LEAVING)
def test_an_archive_that_leads_out_of_its_folder_is_refused_and_writes_nothing_anywhere(
    genlab, small, tmp_path, monkeypatch, leaving, form, how
):
    """Through the commands that people use, with an archive whose SHA-256 the catalogue has: nothing else stands before its content."""
    name, kind = LEAVING[leaving]
    content = gzip.decompress(
        packed(batches(), escaping(name.format(outside=tmp_path), kind, "../../../x" if kind != tarfile.REGTYPE else ""))
    )
    content = content if form == "tar" else gzip.compress(content, mtime=0)
    with serving({}) as mirror:
        published, _ = small_cifar10((mirror.url,), [content])
        mirror.files.update(named(published, [content]))
        monkeypatch.setitem(PUBLISHED, "cifar10", published)
        (tmp_path / "usb").mkdir()
        archive = tmp_path / "usb" / published.files[0].name
        archive.write_bytes(content)
        before = {path for path in tmp_path.rglob("*") if small not in path.parents and path != small}
        code, out, err = genlab("data", how, "cifar10", *([str(archive)] if how == "import" else []))
    assert (code, out) == (Exit.DATA_MISSING, "") and "is no archive of data: it holds a" in err
    assert {path for path in tmp_path.rglob("*") if small not in path.parents and path != small} == before
    within = {path.relative_to(small).as_posix() for path in small.rglob("*") if path.is_file() or path.is_symlink()}
    assert within <= {f"cifar10/{archive.name}", "cifar10/.lock"}


def _archive(tmp_path):
    published, contents = small_cifar10()
    lay(published, contents, tmp_path / "usb")
    return tmp_path / "usb" / published.files[0].name


def test_a_run_on_fetched_images_goes_to_its_end(genlab, small, monkeypatch):
    published, contents = small_cifar10()
    lay(published, contents, small / "cifar10")
    words = ("--n", "40", "--m", "10", "--widths", "10", "--alpha", "0.1,10", "--steps", "100", "--quiet", "--device", "cpu")
    code, out, err = genlab("run", "lazy-training", "--dataset", "cifar10", *words)
    assert (code, err) == (0, "")
    assert lines(genlab("show", out.strip(), "--json")[1])[-1]["config"]["dataset"] == "cifar10"
    assert genlab("data", "rm", "cifar10", "--yes")[0] == 0
    assert genlab("show", out.strip())[0] == 0


def test_ctrl_c_keeps_what_has_arrived_and_the_next_fetch_goes_on_there(genlab, small, monkeypatch):
    published, contents = small_mnist()

    def interrupt(handler, content):
        handler.send(200, content[:1000], len(content))
        handler.wfile.flush()
        for _ in range(2000):  # until the first bytes were written
            if state(PUBLISHED["mnist"]).part == 1000:
                break
            handler.mirror.stopped.wait(0.01)
        os.kill(os.getpid(), signal.SIGINT)
        handler.mirror.stopped.wait(20)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with serving(named(published, contents), interrupt) as mirror:
            serve(monkeypatch, published, mirror)
            monkeypatch.setattr("engine.data.published.fetching.Patience", lambda: replace(QUICK, read=100.0, window=100.0))
            code, out, err = genlab("data", "fetch", "mnist")
            mirror.stopped.set()
    finally:
        signal.signal(signal.SIGINT, before)
    assert (code, out) == (Exit.INTERRUPTED, "")
    assert err.splitlines()[-2:] == ["genlab: interrupted; what has arrived is kept", "  Go on with: genlab data fetch mnist"]
    assert "of " in published_data.availability(PUBLISHED["mnist"]) and not state(PUBLISHED["mnist"]).usable
    with serving(named(published, contents)) as mirror:
        serve(monkeypatch, published, mirror)
        assert genlab("data", "fetch", "mnist")[0] == 0
        assert mirror.asked[0] == ("train-images-idx3-ubyte.gz", "bytes=1000-")
