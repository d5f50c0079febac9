"""What is done to batches of small images on the device: cut out at random, padded before or not, mirrored, scaled.

What is drawn depends on a seed and the step alone, so that a resumed run sees the same cuts and nothing need be saved.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor


@dataclass(frozen=True)
class CropAndFlip:
    """Draws for batches of images height x width x channels.

    shape: of one image; pad: pixels on each side, taken as `fill`, one number or one a channel; flip: whether every image is mirrored
    with probability 1/2; seed: whose draws.
    """

    shape: tuple[int, int, int]
    seed: int
    pad: int = 4
    flip: bool = True
    fill: float | tuple[float, ...] = 0.0

    def __call__(self, rows: Tensor, step: int) -> Tensor:
        """Return rows (batch, d) of images cut out anew, for one step."""
        height, width, channels = self.shape
        rng = np.random.default_rng((self.seed, step))
        down, right = rng.integers(0, 2 * self.pad + 1, (2, len(rows), 1))
        mirrored = rng.random((len(rows), 1)) < 0.5 if self.flip else np.zeros((len(rows), 1), dtype=bool)
        across = np.arange(width)
        columns = np.where(mirrored, across[::-1], across) + right - self.pad
        lines = np.arange(height) + down - self.pad
        image, inside = self._places(lines, columns)
        places = _sent(image, rows.device)
        pixels = rows.view(len(rows), height * width, channels)
        cut = torch.gather(pixels, 1, places[:, :, None].expand(-1, -1, channels))
        outside = _sent(~inside, rows.device)
        if isinstance(self.fill, float):
            return cut.masked_fill_(outside[:, :, None], self.fill).flatten(1)
        for channel, fill in enumerate(self.fill):
            cut[:, :, channel].masked_fill_(outside, fill)
        return cut.flatten(1)

    def _places(self, lines: np.ndarray, columns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return each new pixel's place in its image, and whether it lies inside, (batch, height * width) both."""
        height, width, _ = self.shape
        inside = ((lines >= 0) & (lines < height))[:, :, None] & ((columns >= 0) & (columns < width))[:, None, :]
        place = lines.clip(0, height - 1)[:, :, None] * width + columns.clip(0, width - 1)[:, None, :]
        return place.reshape(len(lines), -1), inside.reshape(len(lines), -1)


@dataclass(frozen=True)
class Scaled:
    """Bytes to numbers: less a mean, over a deviation; channels last, one of each or one a channel."""

    mean: tuple[float, ...]
    deviation: tuple[float, ...]

    def __call__(self, rows: Tensor, step: int) -> Tensor:
        """Return rows (batch, d) of bytes as float32."""
        mean, deviation = (torch.tensor(values, dtype=torch.float32, device=rows.device) for values in (self.mean, self.deviation))
        pixels = rows.view(len(rows), -1, len(self.mean)).to(torch.float32)
        return pixels.sub_(mean).div_(deviation).flatten(1)


@dataclass(frozen=True)
class RandomCut:
    """Cuts squares out of images height x width x channels, each at a place of its own (Zhang et al. 2017: 28x28 out of 32x32).

    shape: of one image; side: of a square; seed: whose draws.
    """

    shape: tuple[int, int, int]
    side: int
    seed: int

    def __call__(self, rows: Tensor, step: int) -> Tensor:
        """Return rows (batch, side*side*channels) of cuts, for one step."""
        height, width, channels = self.shape
        rng = np.random.default_rng((self.seed, step))
        down = rng.integers(0, height - self.side + 1, (len(rows), 1))
        right = rng.integers(0, width - self.side + 1, (len(rows), 1))
        across = np.arange(self.side)
        places = (down + across)[:, :, None] * width + (right + across)[:, None, :]  # (batch, side, side)
        chosen = _sent(places.reshape(len(rows), -1), rows.device)
        pixels = rows.view(len(rows), height * width, channels)
        return torch.gather(pixels, 1, chosen[:, :, None].expand(-1, -1, channels)).flatten(1)


def per_image(rows: Tensor, step: int) -> Tensor:
    """Return rows (batch, d), each less its mean, over max(its deviation, 1/sqrt(d)): `per_image_standardization` of TensorFlow."""
    deviations, means = torch.std_mean(rows, dim=1, correction=0, keepdim=True)
    return rows.sub(means).div_(deviations.clamp_min(rows.shape[1] ** -0.5))


def _sent(values: np.ndarray, device: torch.device) -> Tensor:
    """Return values on a device, without waiting for what it still computes."""
    here = torch.from_numpy(values)
    return here.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else here
