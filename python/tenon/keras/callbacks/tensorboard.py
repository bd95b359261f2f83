"""TensorBoard: metrics as files of events."""

import os
import time

from .base import Callback
from .control import _learning_rate


class TensorBoard(Callback):
    """Writes metrics for TensorBoard: folders `train` and `validation` below log_dir.

    update_freq: "epoch", "batch", or after so many batches, for `batch_...` as well as `epoch_...`.
    histogram_freq: every so many epochs, histograms of the weights; 0 for none.
    write_graph, write_images, profile_batch and the embeddings are taken; of these nothing is
    written: summary(), plot_model() and tenon's profiler show more.
    """

    def __init__(self, log_dir="logs", histogram_freq=0, write_graph=True, write_images=False,
                 write_steps_per_second=False, update_freq="epoch", profile_batch=0,
                 embeddings_freq=0, embeddings_metadata=None, **kwargs):
        super().__init__()
        self.log_dir, self.histogram_freq = os.fspath(log_dir), histogram_freq
        self.write_steps_per_second = write_steps_per_second
        self.update_freq = 1 if update_freq == "batch" else update_freq
        self._writers, self._steps, self._evaluations = {}, 0, 0
        if self.update_freq != "epoch":
            self.on_train_batch_end = self._after_batch

    def _writer(self, name):
        if name not in self._writers:
            from ...utils.events import EventWriter

            self._writers[name] = EventWriter(os.path.join(self.log_dir, name), ".v2")
        return self._writers[name]

    def _after_batch(self, batch, logs=None):
        self._steps += 1
        if self._steps % self.update_freq == 0:
            for name, value in (logs or {}).items():
                self._writer("train").add_scalar(f"batch_{name}", value, self._steps)

    def on_epoch_begin(self, epoch, logs=None):
        self._began, self._steps_before = time.time(), self._iterations()

    def _iterations(self):
        return int(getattr(self.model.optimizer, "iterations", 0))

    def on_epoch_end(self, epoch, logs=None):
        train = self._writer("train")
        for name, value in (logs or {}).items():
            if name.startswith("val_"):
                self._writer("validation").add_scalar(f"epoch_{name[4:]}", value, epoch)
            else:
                train.add_scalar(f"epoch_{name}", value, epoch)
        if "learning_rate" not in (logs or {}):
            train.add_scalar("epoch_learning_rate", _learning_rate(self.model), epoch)
        if self.write_steps_per_second:
            rate = (self._iterations() - self._steps_before) / (time.time() - self._began)
            train.add_scalar("epoch_steps_per_second", rate, epoch)
        if self.histogram_freq and epoch % self.histogram_freq == 0:
            for layer in self.model.layers:
                for weight in layer.weights:
                    name = getattr(weight, "path", layer.name)
                    train.add_histogram(f"{name}/histogram", weight, epoch)
        self._flush()

    def on_test_end(self, logs=None):
        """Results of evaluate() by the number of training steps before."""
        for name, value in (logs or {}).items():
            self._writer("validation").add_scalar(f"evaluation_{name}_vs_iterations", value,
                                                  self._iterations())
        self._flush()

    def _flush(self):
        for writer in self._writers.values():
            writer.flush()

    def on_train_end(self, logs=None):
        for writer in self._writers.values():
            writer.close()
        self._writers = {}
