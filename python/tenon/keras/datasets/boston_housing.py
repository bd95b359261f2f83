"""House prices of Boston."""

from ._arrays import of_pairs


def load_data(path="boston_housing.npz", test_split=0.2, seed=113):
    """((x_train, y_train), (x_test, y_test)) of boston_housing.npz."""
    return of_pairs(path, "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
                          "boston_housing.npz", test_split, seed)
