"""The device that speeds up tensors: there is none in this build."""


def is_available():
    """False."""
    return False


def current_accelerator(check_available=False):
    """None."""
    return None


def device_count():
    """0."""
    return 0
