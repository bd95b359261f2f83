"""MKL, which this build does without."""


def is_available():
    return False
