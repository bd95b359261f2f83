"""House prices of districts of California."""

from ._arrays import of_pairs


def load_data(version="large", path="california_housing.npz", test_split=0.2, seed=113):
    """((x_train, y_train), (x_test, y_test)) of california_housing.npz; version 'small' has 600
    rows."""
    if version not in ("small", "large"):
        raise ValueError("Argument `version` must be one of 'small', 'large'. Received: "
                         f"{version!r}")
    return of_pairs(path, "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
                          "california_housing.npz", test_split, seed,
                    600 if version == "small" else None)
