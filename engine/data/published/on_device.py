"""The images of a published data set on a device, once a process: bytes, of which batches are handed out as numbers in [0, 1]."""

from __future__ import annotations

import threading
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from engine.data.published.catalogue import Published
from engine.data.published.decoding import Bytes
from engine.data.published.folder import place
from engine.data.published.loading import load_images

_lock = threading.Lock()
_kept: dict[tuple[str, str, str], DeviceImages] = {}  # by folder, content and device


@dataclass(frozen=True, eq=False)
class Part:
    """Training or test images: images (n, channels, height, width) of bytes, in memory as (n, height, width, channels); labels (n,)."""

    images: Tensor
    labels: Tensor

    def batch(self, indices: Tensor, dtype: torch.dtype = torch.float32) -> Tensor:
        """Return images (b, channels, height, width) in [0, 1], in channels-last order; indices: (b,) on the device."""
        return self.images[indices].to(dtype).div_(255)


@dataclass(frozen=True, eq=False)
class DeviceImages:
    """A data set on a device. note: what should be said of it, often empty."""

    train: Part
    test: Part
    note: str


def on_device(published: Published, device: str) -> DeviceImages:
    """Return the images on a device; the same tensors at every call of this process.

    Raises:
        DataError: the data set is not here, or damaged.
    """
    key = (str(place(published)), published.files[0].sha256, str(torch.device(device)))
    with _lock:
        if key not in _kept:
            found, note = load_images(published)
            train = _part(found.train_images, found.train_labels, device)
            _kept[key] = DeviceImages(train, _part(found.test_images, found.test_labels, device), note)
        return _kept[key]


def forget() -> None:
    """Let go of everything that is kept, so that its memory is free."""
    with _lock:
        _kept.clear()


def _part(images: Bytes, labels: Bytes, device: str) -> Part:
    pixels = torch.empty(images.shape if images.ndim == 4 else (*images.shape, 1), dtype=torch.uint8)
    np.copyto(pixels.numpy(), images.reshape(pixels.shape))
    return Part(pixels.to(device).permute(0, 3, 1, 2), torch.from_numpy(labels.astype(np.int64)).to(device))
