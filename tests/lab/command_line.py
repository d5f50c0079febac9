"""Command lines in processes of their own, with one more phenomenon: `toy`, of the installed distribution `toys` in the folder beside."""

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
TOYS = Path(__file__).with_name("toys")
UNSET = ("LC_ALL", "LC_CTYPE", "GENLAB_ASCII", "COLUMNS", "LINES", "NO_COLOR")  # variables that would change what is written


def lines(out):
    """The objects of JSON lines, read strictly."""

    def refuse(constant):
        raise ValueError(f"{constant} is not strict JSON")

    return [json.loads(line, parse_constant=refuse) for line in out.splitlines()]


def environment(runs, *packages, **more):
    """The variables of a child that keeps its runs in a folder of its own; packages: folders of further distributions."""
    kept = {name: value for name, value in os.environ.items() if name not in UNSET}
    path = os.pathsep.join(map(str, (ROOT, *(packages or (TOYS,)))))
    data = str(Path(runs).with_name("data-home"))  # where the tour keeps its progress
    return {**kept, "GENLAB_RUNS": str(runs), "XDG_DATA_HOME": data, "LANG": "C.UTF-8", "PYTHONPATH": path, **more}


def start(runs, *args, packages=(), **options):
    """Start `genlab ARGS` in a process of its own."""
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    command = [sys.executable, "-P", "-m", "genlab", *args]
    return subprocess.Popen(command, env=environment(runs, *packages), **{**streams, **options})


def finish(runs, *args, packages=()):
    """Run `genlab ARGS` in a process of its own; return (exit code, standard output, standard error)."""
    child = start(runs, *args, packages=packages)
    out, err = child.communicate(timeout=120)
    assert "Traceback" not in err
    return child.returncode, out, err
