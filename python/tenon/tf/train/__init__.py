"""tf.train: checkpoints, and the messages of TFRecord files."""

from .._example import (BytesList, Example, Feature, FeatureList, FeatureLists,  # noqa: F401
                        Features, FloatList, Int64List, SequenceExample)
from ._averaging import ExponentialMovingAverage  # noqa: F401
from ._checkpoint import (Checkpoint, CheckpointManager, CheckpointOptions,  # noqa: F401
                          checkpoints_iterator, get_checkpoint_state, latest_checkpoint,
                          list_variables, load_checkpoint, load_variable)


class Coordinator:
    """Threads that stop together."""

    def __init__(self, clean_stop_exception_types=None):
        import threading

        self._stopped = threading.Event()

    def should_stop(self):
        """Whether one asked for it."""
        return self._stopped.is_set()

    def request_stop(self, ex=None):
        """Asks all threads to stop."""
        self._stopped.set()

    def join(self, threads=None, stop_grace_period_secs=120, ignore_live_threads=False):
        """Waits for threads."""
        for thread in threads or ():
            thread.join(stop_grace_period_secs)
