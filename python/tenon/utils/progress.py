"""A bar that tells how a loop goes, in terminals and notebooks."""

import shutil
import sys
import time

from .. import _core


class progress:
    """Goes through `iterable` and draws a bar with counts, rate and time left:

        for x, y in (bar := progress(loader, "epoch 1")):
            ...
            bar.set_loss(loss.item())

    Without an iterable, `update(n)` counts. `total` is needed where the iterable has no length and
    the time left should be known. In terminals and notebooks the line is redrawn in place, at most
    every 0.1 s, and goes away at the end unless `leave`; elsewhere there is a line every ten
    seconds at most, so that logs stay readable. `file` is standard error where it is not given;
    nothing is written where `disable`.
    """

    def __init__(self, iterable=None, desc="", total=None, *, leave=True, file=None, disable=False):
        if iterable is None and total is None:
            raise TypeError("progress() takes an iterable or a total")
        if total is None:
            total = len(iterable) if hasattr(iterable, "__len__") else -1
        self._iterable, self.desc, self.total, self.n = iterable, desc, total, 0
        self._leave, self._disable = leave, disable
        self._file = sys.stderr if file is None else file
        self._redraws = "ipykernel" in sys.modules or self._file.isatty()
        self._interval = 0.1 if self._redraws else 10.0
        self._start = self._last = time.monotonic()
        self._drawn = 0  # characters of the line that stands there
        self._loss = None

    def __len__(self):
        return self.total

    def __iter__(self):
        with self:
            for value in self._iterable:
                yield value
                self.update()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def update(self, n=1):
        """Counts n more as done."""
        self.n += n
        now = time.monotonic()
        if not self._disable and now - self._last >= self._interval:
            self._last = now
            self._draw()

    def set_loss(self, loss):
        """The bar shows this loss from now on."""
        self._loss = float(loss)

    def close(self):
        """Draws the bar as it is at last, or takes it away; it isn't drawn again."""
        if not self._disable and self._redraws:
            if self._leave:
                self._draw()
                self._file.write("\n")
            else:
                self._file.write("\r" + " " * self._drawn + "\r")
            self._file.flush()
        self._disable = True

    def __str__(self):
        elapsed = time.monotonic() - self._start
        width = shutil.get_terminal_size().columns if self._redraws else 0
        return _core.progress_line(self.desc, self.n, self.total,
                                   self.n / elapsed if elapsed > 0 else 0.0, self._loss, width)

    def _draw(self):
        line = str(self)
        if self._redraws:
            self._file.write("\r" + line.ljust(self._drawn))
            self._drawn = len(line)
        else:
            self._file.write(line + "\n")
        self._file.flush()
