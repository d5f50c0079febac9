"""Which published data sets can be fetched: their official files with size and SHA-256, mirrors, counts, shapes and classes.

MNIST: LeCun et al. 1998. Fashion-MNIST: Xiao, Rasul, Vollgraf 2017, arXiv:1708.07747. CIFAR-10: Krizhevsky 2009, its binary version.
Sizes and SHA-256 are those of tensorflow/datasets (url_checksums/mnist.txt, fashion_mnist.txt, cifar10.txt); the SHA-256 of the IDX files
stand also in pytorch/vision (prototype/datasets/_builtin/mnist.py), that of CIFAR-10 also in gomlx/gomlx and fluxml/MLDatasets.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class OfficialFile:
    """A file as it was published. size: bytes."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Published:
    """A data set of images with a published split.

    files: of `idx`, training images and labels, then test images and labels; of `cifar10`, one archive of five training batches and a
    test batch. mirrors: addresses that a file's name is put behind. shape: of an image. classes: names by label. train, tests: images.
    """

    name: str
    title: str
    form: Literal["idx", "cifar10"]
    files: tuple[OfficialFile, ...]
    mirrors: tuple[str, ...]
    shape: tuple[int, ...]
    classes: tuple[str, ...]
    train: int
    tests: int

    @property
    def features(self) -> int:
        """Numbers of an image."""
        return math.prod(self.shape)

    @property
    def download_size(self) -> int:
        """Bytes of all official files."""
        return sum(file.size for file in self.files)

    @property
    def decoded_size(self) -> int:
        """Bytes of the images and their labels, decoded."""
        return (self.train + self.tests) * (self.features + 1)


TRAIN_IMAGES, TRAIN_LABELS = "train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"
TEST_IMAGES, TEST_LABELS = "t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"

MNIST = Published(
    "mnist", "MNIST: handwritten digits", "idx",
    (
        OfficialFile(TRAIN_IMAGES, 9_912_422, "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"),
        OfficialFile(TRAIN_LABELS, 28_881, "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"),
        OfficialFile(TEST_IMAGES, 1_648_877, "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"),
        OfficialFile(TEST_LABELS, 4_542, "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"),
    ),
    (
        "https://ossci-datasets.s3.amazonaws.com/mnist/", "https://storage.googleapis.com/cvdf-datasets/mnist/",
        "http://yann.lecun.com/exdb/mnist/",
    ),
    (28, 28), tuple("0123456789"), 60_000, 10_000,
)  # fmt: skip

FASHION_MNIST = Published(
    "fashion-mnist", "Fashion-MNIST: articles of clothing", "idx",
    (
        OfficialFile(TRAIN_IMAGES, 26_421_880, "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"),
        OfficialFile(TRAIN_LABELS, 29_515, "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"),
        OfficialFile(TEST_IMAGES, 4_422_102, "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"),
        OfficialFile(TEST_LABELS, 5_148, "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"),
    ),
    (
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
    ),
    (28, 28),
    ("T-shirt/top", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot"), 60_000, 10_000,
)  # fmt: skip

CIFAR10 = Published(
    "cifar10", "CIFAR-10: small colour photographs", "cifar10",
    (OfficialFile("cifar-10-binary.tar.gz", 170_052_171, "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd"),),
    (
        "https://www.cs.toronto.edu/~kriz/", "https://cave.cs.toronto.edu/kriz/",
        "https://mindspore-website.obs.cn-north-4.myhuaweicloud.com/notebook/datasets/",
    ),
    (32, 32, 3),
    ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"), 50_000, 10_000,
)  # fmt: skip

PUBLISHED = {item.name: item for item in (MNIST, FASHION_MNIST, CIFAR10)}
