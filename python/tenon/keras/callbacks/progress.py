"""What tells how training goes: History and the progress bar."""

import sys
import time

from .base import Callback

_BOLD, _GREEN, _WHITE, _PLAIN = "\x1b[1m", "\x1b[32m", "\x1b[37m", "\x1b[0m"


class History(Callback):
    """Keeps the metrics of all epochs: `history` has a list for each name, `epoch` their
    numbers."""

    def __init__(self):
        super().__init__()
        self.history = {}
        self.epoch = []

    def on_train_begin(self, logs=None):
        self.history, self.epoch = {}, []

    def on_epoch_end(self, epoch, logs=None):
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)


def _time_each(seconds, unit):
    """405ms/step."""
    if seconds >= 1 or seconds == 0:
        return f" {seconds:.0f}s/{unit}"
    if seconds >= 1e-3:
        return f" {seconds * 1e3:.0f}ms/{unit}"
    return f" {seconds * 1e6:.0f}us/{unit}"


def _time_left(seconds):
    """1:02:03, 2:03 or 3s."""
    whole = int(seconds)
    if seconds > 3600:
        return f"{whole // 3600}:{whole % 3600 // 60:02d}:{whole % 60:02d}"
    if seconds > 60:
        return f"{whole // 60}:{whole % 60:02d}"
    return f"{whole}s"


def _number(value):
    value = float(value) if getattr(value, "ndim", 0) == 0 else float(value.mean())
    return f" {value:.4f}" if abs(value) > 1e-3 else f" {value:.4e}"


class Progbar:
    """Keras's progress bar: a line that is drawn again as steps are done.

    target: how many steps there are; None where that isn't known.
    verbose: 0 for silence, 1 for the bar, 2 for one line at the end.
    interval: seconds between two drawings, at least.
    stateful_metrics: names whose values are shown as they are; others' as the mean over the steps
        until the last.
    """

    def __init__(self, target, width=20, verbose=1, interval=0.05, stateful_metrics=None,
                 unit_name="step"):
        self.target, self.width, self.verbose = target, width, verbose
        self.interval, self.unit_name = interval, unit_name
        self.stateful_metrics = set(stateful_metrics or ())
        self._values, self._seen = {}, 0
        self._start = time.time()
        self._first_step = None  # when it was done: the time of a step doesn't count it
        self._last_drawn, self._width_before = 0.0, 0

    def update(self, current, values=None, finalize=None):
        """Tells that `current` steps are done; values: pairs of names and values of the last."""
        if finalize is None:
            finalize = self.target is not None and current >= self.target
        for name, value in values or ():
            weight = max(current - self._seen, 1)
            if finalize or name in self.stateful_metrics:
                self._values[name] = (value, 1)
            else:
                total, count = self._values.get(name, (0.0, 0))
                self._values[name] = (total + value * weight, count + weight)
        self._advance(current, finalize)

    def show(self, current, values, finalize=False):
        """As `update`, of values that are means over all steps already. They may be tensors, which
        are looked at only when the line is drawn."""
        self._values.update({name: (value, 1) for name, value in values.items()})
        self._advance(current, finalize)

    def _advance(self, current, finalize):
        now = time.time()
        each = self._time_per_step(current, now)
        self._seen = current
        if self.verbose == 1 and (finalize or now - self._last_drawn >= self.interval):
            self._draw(current, now, each, finalize)
            self._last_drawn = now
        elif self.verbose == 2 and finalize and self.target:
            line = f"{current:{len(str(self.target))}d}/{self.target} - {now - self._start:.0f}s -"
            sys.stdout.write(line + _time_each(each, self.unit_name) + self._metrics() + "\n")
            sys.stdout.flush()

    def _time_per_step(self, current, now):
        """Without the first step, which compiles."""
        if not current:
            return 0
        if self._first_step is not None and current > 1:
            each = (now - self._first_step) / (current - 1)
        else:
            each = (now - self._start) / current
        if self._first_step is None:
            self._first_step = now
        return each

    def _metrics(self):
        return "".join(f" - {name}:{_number(total / max(count, 1))}"
                       for name, (total, count) in self._values.items())

    def _draw(self, current, now, each, finalize):
        marks = 0  # characters that take no place
        if self.target:
            done = int(self.width * current / self.target)
            bar = (f"{_BOLD}{current:{len(str(self.target))}d}/{self.target}{_PLAIN} "
                   + (f"{_GREEN}{'━' * done}{_PLAIN}" if done else "")
                   + f"{_WHITE}{'━' * (self.width - done)}{_PLAIN}")
            marks += 17 + (9 if done else 0)
        else:
            bar = f"{current:7d}/Unknown"
        if self.target and not finalize:
            shown = _time_left(each * (self.target - current))
        else:
            shown = f"{now - self._start:.0f}s"
        line = (f"{bar} {_BOLD}{shown}{_PLAIN}" + _time_each(each, self.unit_name) +
                self._metrics())
        width = len(line) - marks - 8
        sys.stdout.write("\b" * self._width_before + "\r" + line
                         + " " * max(self._width_before - width, 0) + ("\n" if finalize else ""))
        sys.stdout.flush()
        self._width_before = width

    def add(self, n, values=None):
        """Tells that n more steps are done."""
        self.update(self._seen + n, values)


class ProgbarLogger(Callback):
    """Draws the progress bar of fit(), evaluate() and predict()."""

    takes_tensors = True

    def __init__(self):
        super().__init__()
        self._bar, self._in_fit, self._epochs = None, False, 1
        self.seen, self.target, self.verbose = 0, None, 1

    def set_params(self, params):
        super().set_params(params)
        self.verbose = params.get("verbose", 1)
        self._epochs = params.get("epochs", 1)
        self.target = params.get("steps")

    def _begin(self):
        self.seen = 0
        self._bar = Progbar(self.target, verbose=self.verbose)

    def on_train_begin(self, logs=None):
        self._in_fit = True

    def on_train_end(self, logs=None):
        self._in_fit = False

    def on_test_begin(self, logs=None):
        if not self._in_fit:
            self._begin()

    def on_predict_begin(self, logs=None):
        self._begin()

    def on_epoch_begin(self, epoch, logs=None):
        self._begin()
        if self.verbose and self._epochs > 1:
            sys.stdout.write(f"Epoch {epoch + 1}/{self._epochs}\n")
            sys.stdout.flush()

    def on_train_batch_end(self, batch, logs=None):
        self._step(batch, logs)

    def on_test_batch_end(self, batch, logs=None):
        if not self._in_fit:
            self._step(batch, logs)

    def on_predict_batch_end(self, batch, logs=None):
        self._step(batch, None)

    def _step(self, batch, logs):
        self.seen = batch + 1
        if self.verbose == 1:
            self._bar.show(self.seen, _in_name_order(logs))

    def on_epoch_end(self, epoch, logs=None):
        self._end(logs)

    def on_test_end(self, logs=None):
        if not self._in_fit:
            self._end(logs)

    def on_predict_end(self, logs=None):
        self._end(None)

    def _end(self, logs):
        if self.target is None:
            self.target = self._bar.target = self.seen
        self._bar.show(self.target, _in_name_order(logs), finalize=True)


def _in_name_order(logs):
    if not isinstance(logs, dict):
        return {} if logs is None else {"loss": logs}
    names = sorted(name for name in logs if not name.startswith("val_"))
    names += sorted(name for name in logs if name.startswith("val_"))
    return {name: logs[name] for name in names}
