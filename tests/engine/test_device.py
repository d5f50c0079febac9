"""Where a run computes, without a GPU and with one that is pretended."""

import sys

import pytest

from engine import device
from engine.errors import UsageError


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
