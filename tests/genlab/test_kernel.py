"""The cell of a notebook in a real Jupyter kernel; where none is installed, nothing is tried."""

import queue
import time

import pytest

from tests.lab.command_line import environment

pytest.importorskip("ipykernel")
manager = pytest.importorskip("jupyter_client.manager")

CELL = 'import genlab\noutcome = genlab.run("min-norm", n=10, d=20, progress=True, runs={runs!r})\noutcome'


@pytest.fixture(scope="module")
def kernel(tmp_path_factory):
    begun, client = manager.start_new_kernel(env=environment(tmp_path_factory.mktemp("runs")))
    yield begun, client
    client.stop_channels()
    begun.shutdown_kernel(now=True)


def outputs(client, message):
    """What a cell put out: (kind, content) until the kernel is idle."""
    found = []
    while True:
        got = client.get_iopub_msg(timeout=120)
        if got["parent_header"].get("msg_id") != message:
            continue
        if got["msg_type"] == "status" and got["content"]["execution_state"] == "idle":
            return found
        found.append((got["msg_type"], got["content"]))


def of(found, kind):
    return [content for name, content in found if name == kind]


def printed(found):
    """What a cell printed; the kernel may send the end of a line apart."""
    return "".join(content["text"] for content in of(found, "stream"))


def test_the_cell_shows_a_bar_and_then_the_outcome(kernel, tmp_path):
    _, client = kernel
    found = outputs(client, client.execute(CELL.format(runs=str(tmp_path))))
    assert not of(found, "error") and not of(found, "stream")
    (bar,) = of(found, "display_data")
    assert "<progress" in bar["data"]["text/html"]
    last = of(found, "update_display_data")[-1]
    assert last["transient"] == bar["transient"] and "finished" in last["data"]["text/plain"]
    (shown,) = of(found, "execute_result")
    assert shown["data"]["text/plain"].startswith("min-norm, preset custom, seed 0: finished")
    assert "<table>" in shown["data"]["text/html"]


def test_plots_and_tables_are_shown_once(kernel):
    _, client = kernel
    found = outputs(client, client.execute("outcome.plot('norm-ratios')"))
    assert [set(item["data"]) for item in of(found, "execute_result")] == [{"image/png", "text/plain"}] and not of(found, "display_data")
    found = outputs(client, client.execute("outcome.verdicts"))
    assert "<table>" in of(found, "execute_result")[0]["data"]["text/html"] and not of(found, "display_data")
    assert not of(outputs(client, client.execute("text = repr(outcome.values)")), "display_data")
    found = outputs(client, client.execute("same = genlab.load(outcome.folder); print(repr(same) == repr(outcome))"))
    assert printed(found) == "True\n"


def test_a_sweep_shows_one_bar_and_then_its_points(kernel, tmp_path):
    _, client = kernel
    cell = f"genlab.sweep('min-norm', grid={{'d': [20, 30]}}, n=10, workers=1, progress=True, runs={str(tmp_path)!r})"
    found = outputs(client, client.execute(cell))
    assert not of(found, "error") and not of(found, "stream")
    (bar,) = of(found, "display_data")
    last = of(found, "update_display_data")[-1]
    assert last["transient"] == bar["transient"] and "2 of 2 points" in last["data"]["text/plain"]
    assert "2 of 2 points done" in of(found, "execute_result")[0]["data"]["text/plain"]


def test_a_mistake_is_an_exception_with_its_hint(kernel):
    _, client = kernel
    (error,) = of(outputs(client, client.execute("genlab.run('min-norm', m=3)")), "error")
    assert error["ename"] == "KnobError" and "no knob 'm'" in error["evalue"] and "knobs: " in error["evalue"]


def test_an_interrupt_stops_the_run_and_the_kernel_lives(kernel, tmp_path):
    begun, client = kernel
    message = client.execute(f"genlab.run('edge-of-stability', steps=100000, progress=True, runs={str(tmp_path)!r})")
    until = time.monotonic() + 120
    while time.monotonic() < until:
        try:
            got = client.get_iopub_msg(timeout=1)
        except queue.Empty:
            continue
        if got["msg_type"] == "update_display_data" and "running" in got["content"]["data"]["text/plain"]:
            break
    begun.interrupt_kernel()
    (error,) = of(outputs(client, message), "error")
    assert error["ename"] == "KeyboardInterrupt"
    found = outputs(client, client.execute("import threading; print([t.name for t in threading.enumerate() if t.name == 'genlab run'])"))
    assert printed(found) == "[]\n"
    (folder,) = tmp_path.iterdir()
    found = outputs(client, client.execute(f"print(genlab.load({str(folder)!r}).snapshot.phase)"))
    assert printed(found) == "stopped\n"
