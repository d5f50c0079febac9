"""Two IDX files are images with their labels, whichever is named first."""

import struct

import numpy as np

from engine.data.own.reading import read


def test_the_labels_of_idx_images_may_be_named_beside_them(tmp_path):
    images, labels = tmp_path / "some-images", tmp_path / "some-labels"
    cells, classes = np.arange(96, dtype=np.uint8), np.array([0, 1, 0, 1, 1, 0], dtype=np.uint8)
    images.write_bytes(struct.pack(">IIII", 0x803, 6, 4, 4) + cells.tobytes())
    labels.write_bytes(struct.pack(">II", 0x801, 6) + classes.tobytes())
    for files in ((images, labels), (labels, images)):
        found = read(files)
        assert found.shape == (4, 4) and len(found.x) == 6 and np.array_equal(found.y, classes)
