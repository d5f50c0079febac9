"""Images on a device: there once, as bytes, and batches of them as the numbers that the registry draws."""

import numpy as np
import pytest
import torch

from engine.data.published import place
from engine.data.published.on_device import forget, on_device
from engine.errors import DataError
from tests.engine.data.published.small import TESTS, TRAIN, labels, lay, pixels, small_cifar10, small_mnist


@pytest.fixture(autouse=True)
def nothing_kept():
    yield
    forget()


@pytest.fixture(params=["cpu", pytest.param("cuda", marks=pytest.mark.gpu)])
def device(request):
    return request.param


@pytest.mark.parametrize(("small", "channels"), [(small_mnist, 1), (small_cifar10, 3)])
def test_batches_are_the_images_in_channels_last_order(small, channels, device):
    published, contents = small()
    lay(published, contents, place(published))
    data = on_device(published, device)
    side = published.shape[0]
    assert data.train.images.dtype == torch.uint8 and data.train.images.shape == (TRAIN, channels, side, side)
    assert data.test.images.shape == (TESTS, channels, side, side) and data.note == ""
    chosen = torch.tensor([5, 0, 59], device=device)
    batch = data.train.batch(chosen)
    expected = pixels(TRAIN, published.shape)[[5, 0, 59]].reshape(3, side, side, channels).transpose(0, 3, 1, 2) / np.float32(255)
    np.testing.assert_array_equal(batch.cpu().numpy(), expected)
    assert batch.is_contiguous(memory_format=torch.channels_last)
    assert data.train.labels[chosen].tolist() == labels(TRAIN)[[5, 0, 59]].tolist()
    half = data.train.batch(chosen, torch.bfloat16)
    assert half.dtype == torch.bfloat16 and torch.allclose(half.float(), batch, atol=2**-8)


def test_they_are_there_once_and_nobody_changes_them(device):
    published, contents = small_mnist()
    lay(published, contents, place(published))
    first, again = on_device(published, device), on_device(published, device)
    assert first is again
    batch = first.train.batch(torch.arange(3, device=device))
    batch.zero_()
    assert first.train.images[0].any()
    forget()
    assert on_device(published, device) is not first


def test_without_the_data_it_says_how_to_get_them():
    with pytest.raises(DataError, match="the data set mnist is not here"):
        on_device(small_mnist()[0], "cpu")
