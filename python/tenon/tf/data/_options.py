"""Options of datasets."""


class Options:
    """What TensorFlow lets its pipelines be told; there is nothing to choose here."""

    def __init__(self):
        self.deterministic = True
        self.experimental_optimization = self.experimental_distribute = _Settings()
        self.threading = self.autotune = self.experimental_threading = _Settings()
        self.experimental_deterministic = True

    def merge(self, options):
        return options


class _Settings:
    """Any settings."""
