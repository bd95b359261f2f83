"""Intel's GPUs, which this build has not."""


def is_available():
    """False."""
    return False


def device_count():
    """0."""
    return 0


def empty_cache():
    """There is none."""


def manual_seed(seed):
    """Seeds no device."""


def manual_seed_all(seed):
    """Seeds no device."""
