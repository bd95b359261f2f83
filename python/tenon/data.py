"""Datasets that are at hand: digits that Tenon draws, and files of the MNIST family."""

from . import _core
from .utils.data import Dataset


class Digits(Dataset):
    """Pictures of digits: (image, label), the image float32 (1, 28, 28) from 0 to 1 unless
    `transform`, a function of uint8 (1, 28, 28), makes something else of it; the label an int."""

    classes = [str(digit) for digit in range(10)]

    def __init__(self, images, labels, transform=None):
        self.data, self.targets, self.transform = images, labels, transform
        self._labels = labels.tolist()

    def __len__(self):
        return len(self._labels)

    def __getitem__(self, index):
        image = self.data[index]
        image = image.float() / 255 if self.transform is None else self.transform(image)
        return image, self._labels[index]


def draw_digit_sets(train_count, test_count, seed, transform=None):
    """Digits to train on and others to measure with, drawn: the same for the same seed on any
    machine."""
    return _sets(_core.draw_digit_sets(train_count, test_count, seed), transform)


def read_digit_sets(folder, transform=None):
    """Those of a folder with MNIST's files (`train-images-idx3-ubyte`, ..., plain or `.gz`)."""
    return _sets(_core.read_digit_sets(folder), transform)


def _sets(sets, transform):
    return tuple(Digits(images, labels, transform) for images, labels in sets)
