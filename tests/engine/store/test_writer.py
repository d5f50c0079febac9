"""What a disk refuses waits in its order and is written later."""

import pytest

from engine.errors import StoreError
from engine.store import RunFolder, Writer
from engine.store.writer import ORDER
from tests.engine.running import until
from tests.engine.store.folders import MANIFEST


class Moody:
    """Notes what is written, and refuses names in `refused`."""

    def __init__(self):
        self.written, self.refused = [], set()

    def write(self, name):
        def call(folder):
            if name in self.refused:
                raise StoreError(f"no {name}", "wait")
            self.written.append(name)

        return call


@pytest.fixture
def moody():
    return Moody()


@pytest.fixture
def writer(tmp_path):
    made = Writer()
    made.create(tmp_path, MANIFEST)
    yield made
    made.close()


def test_lines_wait_for_a_folder_and_files_do_not(tmp_path, moody):
    writer = Writer()
    writer.line(0, moody.write("line 0"))
    writer.file("state", 0, moody.write("state"))
    writer.line(1, moody.write("line 1"))
    assert moody.written == [] and writer.lines == 2 and not writer.storing
    writer.create(tmp_path, MANIFEST)
    writer.flush()
    assert moody.written == ["line 0", "line 1"] and writer.problem == "" and writer.patience is None
    writer.close()


def test_everything_is_written_in_order_when_the_disk_takes_it_again(writer, moody):
    moody.refused = {"line 0", *ORDER}
    writer.line(40, moody.write("line 0"))
    assert writer.problem == "not being stored since step 40: no line 0; wait. It is tried again."
    for kind in reversed(ORDER):
        writer.file(kind, 50, moody.write(kind))
    writer.line(60, moody.write("line 1"))
    assert moody.written == [] and writer.patience > 0 and "since step 40" in writer.problem
    moody.refused = {"result"}
    writer.flush(force=True)
    assert moody.written == ["line 0", "line 1", "state", "arrays", "crash"] and "no result" in writer.problem
    moody.refused = set()
    writer.flush()  # not yet: somebody just tried
    assert "no result" in writer.problem
    writer.flush(force=True)
    assert moody.written[-3:] == ["result", "snapshot", "progress"] == list(ORDER[-3:]) and writer.problem == ""


def test_of_a_file_that_waits_the_last_counts(writer, moody):
    moody.refused = {"old"}
    writer.file("state", 1, moody.write("old"))
    writer.file("state", 2, moody.write("new"))
    writer.flush(force=True)
    assert moody.written == ["new"]


def test_it_is_tried_again_after_a_while(writer, moody, monkeypatch):
    monkeypatch.setattr("engine.store.writer.RETRY", 0.01)
    moody.refused = {"line"}
    writer.line(0, moody.write("line"))
    moody.refused = set()
    until(lambda: writer.flush() or not writer.problem)
    assert moody.written == ["line"]


def test_closing_writes_what_waits_and_gives_the_folder_back_in_any_case(writer, moody):
    moody.refused = {"line", "state"}
    writer.line(0, moody.write("line"))
    writer.file("state", 0, moody.write("state"))
    moody.refused = {"state"}
    folder = RunFolder.open(writer.path)
    assert folder.live
    writer.close()
    assert moody.written == ["line"] and not folder.live and not writer.storing
    writer.close()
    writer.file("state", 1, moody.write("late"))
    assert moody.written == ["line"]
