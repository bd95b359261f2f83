"""OpenMP, which oneDNN uses."""


def is_available():
    return True
