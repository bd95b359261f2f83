"""Times of statements: Timer, and tables of what it measured."""

import itertools
import statistics
import timeit

from .. import _core

__all__ = ["Compare", "Measurement", "Timer"]


def _unit(seconds):
    """(unit, its seconds) in which a time reads well."""
    return next(((name, size) for name, size in (("s", 1), ("ms", 1e-3), ("us", 1e-6))
                 if seconds >= size), ("ns", 1e-9))


class Measurement:
    """Times of one statement: `raw_times` of blocks of `number_per_run` runs."""

    def __init__(self, number_per_run, raw_times, label=None, sub_label=None, description=None,
                 env=None, num_threads=1, stmt="stmt"):
        self.number_per_run, self.raw_times = number_per_run, raw_times
        self.label, self.sub_label, self.description = label, sub_label, description
        self.env, self.num_threads, self.stmt = env, num_threads, stmt

    @property
    def times(self):
        """Seconds of a run, by block."""
        return [time / self.number_per_run for time in self.raw_times]

    @property
    def median(self):
        """Of the times, in seconds."""
        return statistics.median(self.times)

    @property
    def mean(self):
        """Of the times, in seconds."""
        return statistics.fmean(self.times)

    @property
    def iqr(self):
        """What lies between the quarters of the times."""
        if len(self.raw_times) < 2:
            return 0.0
        low, _, high = statistics.quantiles(self.times, n=4, method="inclusive")
        return high - low

    @property
    def title(self):
        """What was measured."""
        sub = f": {self.sub_label}" if self.sub_label else ""
        return f"{self.label or self.stmt}{sub}"

    @property
    def as_row_name(self):
        return self.sub_label or self.stmt or "[Unknown]"

    def __repr__(self):
        name, size = _unit(self.median)
        lines = [f"<{__name__}.Measurement object at {hex(id(self))}>", self.title]
        lines += [f"  {self.description}"] if self.description else []
        lines.append(f"  Median: {self.median / size:.2f} {name}")
        if len(self.raw_times) > 1:
            lines.append(f"  IQR:    {self.iqr / size:.2f} {name}")
        lines.append(f"  {len(self.raw_times)} measurements, {self.number_per_run} runs per "
                     f"measurement, {self.num_threads} thread(s)")
        return "\n".join(lines)


class Timer:
    """Times `stmt`, code that sees `globals` and what `setup` made, on `num_threads` threads:

        Timer("x + y", globals={"x": x, "y": y}).blocked_autorange()
    """

    def __init__(self, stmt="pass", setup="pass", global_setup="", timer=timeit.default_timer,
                 globals=None, label=None, sub_label=None, description=None, env=None,
                 num_threads=1, language="python"):
        if str(language).lower().replace("language.", "") not in ("python", "py"):
            raise ValueError(f"Timer: statements are Python's, not {language!r}")
        self._names = dict(globals or {})
        self._timer = timeit.Timer(stmt, setup, timer, self._names)
        self._about = dict(label=label, sub_label=sub_label, description=description, env=env,
                           num_threads=num_threads, stmt=str(stmt))
        self._num_threads = num_threads

    def _run(self, number):
        before = _core.get_num_threads()
        _core.set_num_threads(self._num_threads)
        try:
            return max(self._timer.timeit(number), 1e-9)
        finally:
            _core.set_num_threads(before)

    def timeit(self, number=1_000_000):
        """One block of so many runs, after a hundredth of them unmeasured."""
        self._run(max(number // 100, 2))
        return Measurement(number, [self._run(number)], **self._about)

    def _block(self, min_run_time):
        """How many runs take a thousandth of the time, and long enough to be measured."""
        number = 1
        while True:
            time = self._run(number)
            if time >= max(min_run_time / 1000, 1e-5) or number >= 10**9:
                return number
            number *= 10

    def blocked_autorange(self, callback=None, min_run_time=0.2):
        """Blocks of runs until they took `min_run_time` seconds."""
        number, times = self._block(min_run_time), []
        while not times or sum(times) < min_run_time:
            times.append(self._run(number))
            if callback is not None:
                callback(number, times[-1])
        return Measurement(number, times, **self._about)

    def adaptive_autorange(self, threshold=0.1, *, min_run_time=0.01, max_run_time=10.0,
                           callback=None):
        """Blocks of runs until their times differ by a tenth of the median at most."""
        number, times = self._block(min_run_time), []
        while True:
            times.append(self._run(number))
            if callback is not None:
                callback(number, times[-1])
            found = Measurement(number, times, **self._about)
            is_known = len(times) >= 4 and found.iqr / found.median < threshold
            if sum(times) >= max_run_time or (is_known and sum(times) >= min_run_time):
                return found


class Compare:
    """Measurements as a table: a row a sub_label, a column a description."""

    def __init__(self, results):
        self._results = list(results)

    def extend_results(self, results):
        """Adds measurements."""
        self._results += results

    def trim_significant_figures(self):
        """Times have four digits as it is."""

    def colorize(self, rowwise=False):
        """Tables have no colours."""

    def print(self):
        """Prints it."""
        print(self)

    def __str__(self):
        tables = []
        for label, group in itertools.groupby(
                sorted(self._results, key=lambda one: str(one.label)), lambda one: one.label):
            group = list(group)
            columns = list(dict.fromkeys(one.description or "" for one in group))
            rows = list(dict.fromkeys((one.num_threads, one.as_row_name) for one in group))
            name, size = _unit(min(one.median for one in group))
            cells = {((one.num_threads, one.as_row_name), one.description or ""):
                     f"{one.median / size:.4g}" for one in group}
            first = max(len(row) for _, row in rows)
            widths = [max([len(column), *(len(cells.get((row, column), "")) for row in rows)])
                      for column in columns]
            lines = [f"[ {label or ''} ]", " | ".join(
                [" " * first, *(c.rjust(w) for c, w in zip(columns, widths))])]
            threads = None
            for row in rows:
                if row[0] != threads:
                    threads = row[0]
                    lines.append(f"{threads} threads:")
                lines.append(" | ".join([row[1].ljust(first)] + [
                    cells.get((row, c), "").rjust(w) for c, w in zip(columns, widths)]))
            tables.append("\n".join([*lines, f"Times are in {name}."]))
        return "\n\n".join(tables)
