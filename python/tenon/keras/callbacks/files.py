"""Callbacks that write files: the model, its metrics, what goes on after a crash."""

import contextlib
import csv
import os
import sys
import warnings

from ..._serialization import load, save
from ..._modes import no_grad
from .base import Callback
from .control import Monitor


class ModelCheckpoint(Callback):
    """Saves the model after each epoch, or after `save_freq` batches.

    filepath: where to; may hold names in braces: "{epoch:02d}-{val_loss:.2f}.keras".
    save_best_only: only where the metric `monitor` is better than before, or than
        `initial_value_threshold`. save_weights_only: save_weights() instead of save().
    """

    def __init__(self, filepath, monitor="val_loss", verbose=0, save_best_only=False,
                 save_weights_only=False, mode="auto", save_freq="epoch",
                 initial_value_threshold=None, **kwargs):
        super().__init__()
        if save_freq != "epoch" and not isinstance(save_freq, int):
            raise ValueError("Unrecognized save_freq: Expected save_freq are 'epoch' or integer "
                             f"values. Received: save_freq={save_freq}")
        self.filepath, self.monitor, self.verbose = os.fspath(filepath), monitor, verbose
        self.save_best_only, self.save_weights_only = save_best_only, save_weights_only
        self.save_freq, self.period = save_freq, kwargs.get("period", 1)
        self._monitor = Monitor("ModelCheckpoint", monitor, mode)
        self.best = initial_value_threshold
        self._batches = self._epoch = self._epochs_since = 0
        if save_freq != "epoch":  # epochs alone shouldn't cost a look at each batch's metrics
            self.on_train_batch_end = self._after_batch

    def on_epoch_begin(self, epoch, logs=None):
        self._epoch = epoch

    def _after_batch(self, batch, logs=None):
        self._batches += 1
        if self._batches % self.save_freq == 0:
            self._save(self._epoch, batch, logs)

    def on_epoch_end(self, epoch, logs=None):
        self._epochs_since += 1
        if self.save_freq == "epoch" and self._epochs_since >= self.period:
            self._epochs_since = 0
            self._save(epoch, None, logs)

    def _path(self, epoch, batch, logs):
        names = {**(logs or {}), "epoch": epoch + 1}
        if batch is not None:
            names["batch"] = batch + 1
        try:
            return self.filepath.format(**names)
        except KeyError as error:
            raise KeyError(f"ModelCheckpoint: {self.filepath!r} names {error}, which isn't among "
                           f"{', '.join(sorted(names))}") from None

    def _save(self, epoch, batch, logs):
        if self.save_best_only:
            current = self._monitor.of(logs)
            if current is None:
                return
            if not self._monitor.is_better(current, self.best):
                self._say(epoch, f"{self.monitor} did not improve from {self.best:.5f}")
                return
            path = self._path(epoch, batch, logs)
            before = "inf" if self.best is None else f"{self.best:.5f}"
            self._say(epoch, f"{self.monitor} improved from {before} to {current:.5f}, saving "
                             f"model to {path}")
            self.best = current
        else:
            path = self._path(epoch, batch, logs)
            self._say(epoch, f"saving model to {path}")
        folder = os.path.dirname(path)
        if folder:
            os.makedirs(folder, exist_ok=True)
        if self.save_weights_only:
            self.model.save_weights(path, overwrite=True)
        else:
            self.model.save(path, overwrite=True)

    def _say(self, epoch, text):
        if self.verbose > 0:
            sys.stdout.write(f"\nEpoch {epoch + 1}: {text}\n")
            sys.stdout.flush()


class RemoteMonitor(Callback):
    """Sends the logs of each epoch to a server: as the field of a form, or as JSON."""

    def __init__(self, root="http://localhost:9000", path="/publish/epoch/end/", field="data",
                 headers=None, send_as_json=False):
        super().__init__()
        self.root, self.path, self.field = root, path, field
        self.headers, self.send_as_json = headers, send_as_json

    def on_epoch_end(self, epoch, logs=None):
        import json
        import urllib.error
        import urllib.parse
        import urllib.request

        text = json.dumps({"epoch": epoch, **{name: float(value)
                                              for name, value in (logs or {}).items()}})
        kind = "application/json" if self.send_as_json else "application/x-www-form-urlencoded"
        body = text if self.send_as_json else urllib.parse.urlencode({self.field: text})
        request = urllib.request.Request(self.root + self.path, body.encode(),
                                         {"Content-Type": kind, **(self.headers or {})})
        try:
            urllib.request.urlopen(request, timeout=10).close()
        except (urllib.error.URLError, OSError):
            warnings.warn(f"Could not reach RemoteMonitor root server at {self.root}", stacklevel=2)


class BackupAndRestore(Callback):
    """Keeps the state of training in a folder, so that the same fit() goes on where it was when it
    is called again after it broke off. It goes away at the end of training, unless
    `delete_checkpoint` is off. save_freq: "epoch", or after so many batches."""

    _NAME = "training_state.safetensors"

    def __init__(self, backup_dir, save_freq="epoch", double_checkpoint=False,
                 delete_checkpoint=True, **kwargs):
        super().__init__()
        if not backup_dir:
            raise ValueError("BackupAndRestore needs a folder as `backup_dir`")
        if save_freq != "epoch" and not (isinstance(save_freq, int) and save_freq > 0):
            raise ValueError("BackupAndRestore: save_freq is 'epoch' or a positive number of "
                             f"batches, not {save_freq!r}")
        self.backup_dir, self.save_freq = os.fspath(backup_dir), save_freq
        self.delete_checkpoint = delete_checkpoint
        self._path = os.path.join(self.backup_dir, self._NAME)
        self._epoch = 0
        if save_freq != "epoch":
            self.on_train_batch_end = self._after_batch

    def _tensors(self):
        optimizer = self.model.optimizer
        if hasattr(optimizer, "build") and not getattr(optimizer, "built", True):
            optimizer.build(self.model.trainable_variables)
        return {"weights": list(self.model.weights), "optimizer": list(optimizer.variables)}

    def on_train_begin(self, logs=None):
        if not os.path.exists(self._path):
            return
        state, own = load(self._path), self._tensors()
        for name, tensors in own.items():
            if [tuple(one.shape) for one in tensors] != [tuple(one.shape) for one in state[name]]:
                raise ValueError(f"BackupAndRestore: {self._path} is of another model: its {name} "
                                 "have other shapes; remove the file to begin anew")
        with no_grad():
            for name, tensors in own.items():
                for tensor, kept in zip(tensors, state[name]):
                    tensor.copy_(kept)
        self.model.__dict__["_initial_epoch"] = state["epoch"]

    def on_epoch_begin(self, epoch, logs=None):
        self._epoch = epoch

    def _after_batch(self, batch, logs=None):
        if (batch + 1) % self.save_freq == 0:
            self._save(self._epoch)

    def on_epoch_end(self, epoch, logs=None):
        if self.save_freq == "epoch":
            self._save(epoch + 1)

    def _save(self, epoch):
        os.makedirs(self.backup_dir, exist_ok=True)
        written = self._path + ".new"
        save({**self._tensors(), "epoch": epoch}, written)
        os.replace(written, self._path)  # there is a whole file at any time

    def on_train_end(self, logs=None):
        if self.delete_checkpoint and os.path.exists(self._path):
            os.remove(self._path)
            with contextlib.suppress(OSError):  # others' files stay
                os.rmdir(self.backup_dir)


class CSVLogger(Callback):
    """Writes the metrics of each epoch as a line of a file."""

    def __init__(self, filename, separator=",", append=False):
        super().__init__()
        self.filename, self.sep, self.append = os.fspath(filename), separator, append
        self._file = self._writer = None

    def on_train_begin(self, logs=None):
        goes_on = (self.append and os.path.exists(self.filename)
                   and os.path.getsize(self.filename) > 0)
        self._has_header = goes_on
        self._file = open(self.filename, "a" if self.append else "w", newline="", encoding="utf-8")

    def on_epoch_end(self, epoch, logs=None):
        logs = logs or {}
        if self._writer is None:
            names = sorted(logs)
            if not any(name.startswith("val_") for name in names):  # it may come in later epochs
                names += [f"val_{name}" for name in names]
            self._writer = csv.DictWriter(self._file, ["epoch", *names], delimiter=self.sep,
                                          extrasaction="ignore", restval="NA")
            if not self._has_header:
                self._writer.writeheader()
        self._writer.writerow({"epoch": epoch, **{name: _text(value)
                                                  for name, value in logs.items()}})
        self._file.flush()

    def on_train_end(self, logs=None):
        if self._file is not None:
            self._file.close()
        self._file = self._writer = None


def _text(value):
    if hasattr(value, "tolist"):
        value = value.tolist()
    return f'"[{", ".join(map(str, value))}]"' if isinstance(value, (list, tuple)) else value
