"""Where a run computes, without a GPU and with one that is pretended."""

import sys

import pytest

from engine import device
from engine.errors import UsageError


@pytest.mark.parametrize(
    ("cores", "physical", "asked", "threads"),
    [
        (2, 2, "", 1),
        (1, 1, "", 1),
        (16, 8, "", 8),
        (8, 8, "", 7),
        (8, None, "", 7),
        (8, 8, "2", 2),
        (8, 8, "64", 7),
        (8, 8, "4,2", 4),
        (8, 8, "x", 7),
    ],
)
def test_one_core_is_left_to_the_interface(monkeypatch, cores, physical, asked, threads):
    import psutil

    monkeypatch.setattr(device.os, "sched_getaffinity", lambda _: set(range(cores)), raising=False)
    monkeypatch.setattr(psutil, "cpu_count", lambda logical: physical)
    monkeypatch.setenv("OMP_NUM_THREADS", asked)
    assert device.default_threads() == threads


def test_devices_are_resolved_without_torch_where_there_is_no_driver(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)  # importing it would fail
    assert device.resolve_device("cpu") == "cpu"
    monkeypatch.setattr(device, "_has_driver", lambda: False)
    assert device.resolve_device("auto") == "cpu"


def test_cuda_is_taken_where_it_is(monkeypatch):
    import torch

    monkeypatch.setattr(device, "_has_driver", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert device.resolve_device("auto") == device.resolve_device("cuda") == "cuda"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert device.resolve_device("auto") == "cpu"
    with pytest.raises(UsageError, match="device cuda is not there") as caught:
        device.resolve_device("cuda")
    assert "--device cpu" in caught.value.hint
    with pytest.raises(UsageError, match="device must be one of auto, cpu, cuda, got gpu"):
        device.resolve_device("gpu")
