"""Apple's GPUs, which this build has not."""


def is_available():
    return False


def is_built():
    return False
