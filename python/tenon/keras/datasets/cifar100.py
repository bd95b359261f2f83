"""Small colour images of a hundred classes: 50,000 and 10,000 of 32 by 32."""

import os

from ._cifar import batch, folder_of

_ORIGIN = "https://www.cs.toronto.edu/~kriz/cifar-100-python.tar.gz"


def load_data(label_mode="fine"):
    """((x_train, y_train), (x_test, y_test)), arrays of uint8, of cifar-100-python.tar.gz; labels
    are of 100 classes, or with 'coarse' of 20."""
    if label_mode not in ("fine", "coarse"):
        raise ValueError(f"`label_mode` must be one of 'fine', 'coarse'. Received: {label_mode!r}")
    folder = folder_of("cifar-100-python.tar.gz", _ORIGIN, "cifar-100-python")
    return (batch(os.path.join(folder, "train"), f"{label_mode}_labels"),
            batch(os.path.join(folder, "test"), f"{label_mode}_labels"))
