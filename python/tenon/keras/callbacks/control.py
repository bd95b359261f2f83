"""Callbacks that steer training by its metrics."""

import inspect
import math
import sys
import warnings

from .base import Callback

_GROWING = ("acc", "auc", "precision", "recall", "f1", "fbeta", "iou", "score", "pearson",
            "positives", "negatives", "at_")


class Monitor:
    """A metric of the logs that is to grow or to shrink."""

    def __init__(self, owner, name, mode="auto", min_delta=0.0):
        if mode not in ("auto", "min", "max"):
            warnings.warn(f"{owner}: mode is auto, min or max, not {mode!r}; it is auto now",
                          stacklevel=3)
            mode = "auto"
        self.owner, self.name = owner, name
        base = name[4:] if name.startswith("val_") else name
        if mode == "auto":
            grows = any(part in base for part in _GROWING) and not base.endswith(("loss", "error"))
            mode = "max" if grows else "min"
        self.grows = mode == "max"
        self.min_delta = abs(min_delta)

    @property
    def worst(self):
        return -math.inf if self.grows else math.inf

    def of(self, logs):
        """The value in logs; None, with a warning, where it isn't there."""
        value = (logs or {}).get(self.name)
        if value is None:
            warnings.warn(f"{self.owner}: the metric `{self.name}` is not available. Available "
                          f"metrics are: {','.join(logs or ())}", stacklevel=4)
        return value

    def is_better(self, value, reference):
        """Whether a value is better by min_delta than the reference, if there is one."""
        if reference is None:
            return True
        if self.grows:
            return value - self.min_delta > reference
        return value + self.min_delta < reference


def _say(text):
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


class EarlyStopping(Callback):
    """Stops training when a metric hasn't become better for `patience` epochs.

    min_delta: how much better counts. baseline: a value that must be beaten.
    restore_best_weights: the model has the weights of the best epoch at the end.
    start_from_epoch: epochs before this one don't count.
    """

    def __init__(self, monitor="val_loss", min_delta=0, patience=0, verbose=0, mode="auto",
                 baseline=None, restore_best_weights=False, start_from_epoch=0):
        super().__init__()
        self.monitor, self.patience, self.verbose = monitor, patience, verbose
        self.min_delta, self.baseline = abs(min_delta), baseline
        self.restore_best_weights, self.start_from_epoch = restore_best_weights, start_from_epoch
        self._monitor = Monitor("EarlyStopping", monitor, mode, min_delta)
        self.on_train_begin()

    def on_train_begin(self, logs=None):
        self.wait, self.stopped_epoch, self.best_epoch = 0, 0, 0
        self.best = self.best_weights = None

    def on_epoch_end(self, epoch, logs=None):
        current = self._monitor.of(logs)
        if current is None or epoch < self.start_from_epoch:
            return
        if self.restore_best_weights and self.best_weights is None:
            self.best_weights, self.best_epoch = self.model.get_weights(), epoch
        self.wait += 1
        if self._monitor.is_better(current, self.best):
            self.best, self.best_epoch = current, epoch
            if self.restore_best_weights:
                self.best_weights = self.model.get_weights()
            if self.baseline is None or self._monitor.is_better(current, self.baseline):
                self.wait = 0
            return
        if self.wait >= self.patience and epoch > 0:
            self.stopped_epoch = epoch
            self.model.stop_training = True

    def on_train_end(self, logs=None):
        if self.stopped_epoch > 0 and self.verbose > 0:
            _say(f"Epoch {self.stopped_epoch + 1}: early stopping")
        if self.restore_best_weights and self.best_weights is not None:
            if self.verbose > 0:
                _say("Restoring model weights from the end of the best epoch: "
                     f"{self.best_epoch + 1}.")
            self.model.set_weights(self.best_weights)


def _learning_rate(model):
    rate = model.optimizer.learning_rate
    return float(rate.item() if hasattr(rate, "item") else rate)


class LearningRateScheduler(Callback):
    """Sets the learning rate at the beginning of each epoch to schedule(epoch, rate)."""

    def __init__(self, schedule, verbose=0):
        super().__init__()
        self.schedule, self.verbose = schedule, verbose

    def on_epoch_begin(self, epoch, logs=None):
        count = len(inspect.signature(self.schedule).parameters)
        rate = (self.schedule(epoch) if count == 1
                else self.schedule(epoch, _learning_rate(self.model)))
        try:
            rate = float(rate)
        except (TypeError, ValueError):
            raise ValueError("The output of the `schedule` function should be a float. Got: "
                             f"{rate!r}") from None
        self.model.optimizer.learning_rate = rate
        if self.verbose > 0:
            _say(f"\nEpoch {epoch + 1}: LearningRateScheduler setting learning rate to {rate}.")

    def on_epoch_end(self, epoch, logs=None):
        if logs is not None:
            logs["learning_rate"] = _learning_rate(self.model)


class ReduceLROnPlateau(Callback):
    """Multiplies the learning rate by `factor` when a metric hasn't become better for `patience`
    epochs; then waits for `cooldown` epochs. It doesn't become less than `min_lr`."""

    def __init__(self, monitor="val_loss", factor=0.1, patience=10, verbose=0, mode="auto",
                 min_delta=1e-4, cooldown=0, min_lr=0.0, **kwargs):
        super().__init__()
        if factor >= 1.0:
            raise ValueError("ReduceLROnPlateau does not support a factor >= 1.0. Got factor="
                             f"{factor}")
        self.monitor, self.factor, self.patience, self.verbose = monitor, factor, patience, verbose
        self.min_delta, self.cooldown, self.min_lr = min_delta, cooldown, min_lr
        self._monitor = Monitor("ReduceLROnPlateau", monitor, mode, min_delta)
        self.on_train_begin()

    def on_train_begin(self, logs=None):
        self.best, self.wait, self.cooldown_counter = self._monitor.worst, 0, 0

    def on_epoch_end(self, epoch, logs=None):
        if logs is not None:
            logs["learning_rate"] = _learning_rate(self.model)
        current = self._monitor.of(logs)
        if current is None:
            return
        cools = self.cooldown_counter > 0
        if cools:
            self.cooldown_counter -= 1
            self.wait = 0
        if self._monitor.is_better(current, self.best):
            self.best, self.wait = current, 0
        elif self.cooldown_counter == 0:
            self.wait += 1
            rate = _learning_rate(self.model)
            if self.wait >= self.patience and rate > self.min_lr:
                rate = max(rate * self.factor, self.min_lr)
                self.model.optimizer.learning_rate = rate
                if self.verbose > 0:
                    _say(f"\nEpoch {epoch + 1}: ReduceLROnPlateau reducing learning rate to "
                         f"{rate}.")
                self.cooldown_counter, self.wait = self.cooldown, 0


class TerminateOnNaN(Callback):
    """Stops training at the first batch whose loss isn't a finite number."""

    def on_train_batch_end(self, batch, logs=None):
        loss = (logs or {}).get("loss")
        if loss is not None and not math.isfinite(loss):
            _say(f"Batch {batch}: Invalid loss, terminating training")
            self.model.stop_training = True


class LambdaCallback(Callback):
    """A callback of functions: on_epoch_end=lambda epoch, logs: print(logs)."""

    def __init__(self, on_epoch_begin=None, on_epoch_end=None, on_train_begin=None,
                 on_train_end=None, on_train_batch_begin=None, on_train_batch_end=None, **kwargs):
        super().__init__()
        given = {"on_epoch_begin": on_epoch_begin, "on_epoch_end": on_epoch_end,
                 "on_train_begin": on_train_begin, "on_train_end": on_train_end,
                 "on_train_batch_begin": on_train_batch_begin,
                 "on_train_batch_end": on_train_batch_end, **kwargs}
        for name, function in given.items():
            if function is not None:
                setattr(self, name, function)


class SwapEMAWeights(Callback):
    """Evaluates and predicts with the means of the weights that an optimizer with use_ema=True
    keeps; with `swap_on_epoch` the weights are their means at the ends of epochs, too, so that
    ModelCheckpoint saves these."""

    def __init__(self, swap_on_epoch=False):
        super().__init__()
        self.swap_on_epoch = swap_on_epoch
        self._holds_means = False

    def _swap(self, to_means):
        if self._holds_means == to_means:
            return
        optimizer = self.model.optimizer
        if not optimizer.use_ema:
            raise ValueError("SwapEMAWeights must be used when `use_ema=True` is set on the "
                             f"optimizer. Received: use_ema={optimizer.use_ema}")
        optimizer.swap_averages()
        self._holds_means = to_means

    def on_epoch_begin(self, epoch, logs=None):
        if self.swap_on_epoch:
            self._swap(False)

    def on_epoch_end(self, epoch, logs=None):
        if self.swap_on_epoch:
            self._swap(True)

    def on_train_end(self, logs=None):
        self._holds_means = False  # at the end of fit() the optimizer gives the means itself

    def on_test_begin(self, logs=None):
        self._swap(True)

    def on_test_end(self, logs=None):
        self._swap(False)

    on_predict_begin, on_predict_end = on_test_begin, on_test_end
