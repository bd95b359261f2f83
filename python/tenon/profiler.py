"""torch.profiler: where the time goes, op by op, and in compiled functions step by step."""

import enum
import os
import socket
import time
import warnings
from typing import NamedTuple

from . import _core

__all__ = ["EventList", "FunctionEvent", "FunctionEventAvg", "ProfilerAction", "ProfilerActivity",
           "profile", "record_function", "schedule", "supported_activities",
           "tensorboard_trace_handler"]


class ProfilerActivity(enum.Enum):
    """What is profiled; there is the CPU."""

    CPU = 0
    CUDA = 2
    XPU = 1


class ProfilerAction(enum.Enum):
    """What happens in a step."""

    NONE = 0
    WARMUP = 1
    RECORD = 2
    RECORD_AND_SAVE = 3


def supported_activities():
    """What can be profiled."""
    return {ProfilerActivity.CPU}


class FunctionEvent(NamedTuple):
    """An op that ran, a step of a plan, or a scope. Times are in microseconds."""

    name: str
    category: str
    input_shapes: str
    bytes: int
    cpu_time_total: float
    thread: int

    @property
    def key(self):
        return self.name

    cpu_time = property(lambda self: self.cpu_time_total)
    device_time_total = cuda_time_total = property(lambda self: 0.0)


class FunctionEventAvg(NamedTuple):
    """All events of one name, or of one name and shapes. Times are in microseconds;
    self_cpu_time_total is without the events within, and `bytes` are those of inputs and
    results."""

    key: str
    category: str
    count: int
    cpu_time_total: float
    self_cpu_time_total: float
    bytes: int
    input_shapes: str = ""

    cpu_time = property(lambda self: self.cpu_time_total / self.count)
    device_time_total = cuda_time_total = property(lambda self: 0.0)
    self_device_time_total = self_cuda_time_total = property(lambda self: 0.0)


def _shown(microseconds):
    for unit, size in ("s", 1e6), ("ms", 1e3):
        if microseconds >= size:
            return f"{microseconds / size:.3f}{unit}"
    return f"{microseconds:.3f}us"


class EventList(list):
    """Events, or averages of them."""

    def __init__(self, events, profiler, shows_bytes=False):
        super().__init__(events)
        self._profiler, self._shows_bytes = profiler, shows_bytes

    def table(self, sort_by=None, row_limit=100, header=None, top_level_events_only=False, **_):
        """The averages as text, the most time first, or by what `sort_by` names:
        "cpu_time_total", "self_cpu_time_total", "cpu_time", "count", "bytes"."""
        averages = self if all(isinstance(one, FunctionEventAvg) for one in self) else \
            self.key_averages()
        if sort_by is not None:
            averages = sorted(averages, key=lambda one: -_number(one, sort_by))
        total = sum(one.self_cpu_time_total for one in averages)
        has_shapes = any(one.input_shapes for one in averages)
        rows = [("Name", "Self CPU %", "Self CPU", "CPU total", "CPU time avg", "# of Calls") +
                ("Bytes",) * self._shows_bytes + ("Input Shapes",) * has_shapes]
        for one in averages[:row_limit if row_limit >= 0 else None]:
            share = one.self_cpu_time_total / total if total else 0
            rows.append((one.key, f"{share:.2%}", _shown(one.self_cpu_time_total),
                         _shown(one.cpu_time_total), _shown(one.cpu_time), str(one.count)) +
                        (str(one.bytes),) * self._shows_bytes + (one.input_shapes,) * has_shapes)
        widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
        rule = "  ".join("-" * width for width in widths)
        lines = ["  ".join(cell.rjust(width) for cell, width in zip(row, widths)) for row in rows]
        return "\n".join([*([header] if header else []), rule, lines[0], rule, *lines[1:], rule,
                          f"Self CPU time total: {_shown(total)}", ""])

    def key_averages(self, group_by_input_shape=False, group_by_stack_n=0, **_):
        """By name, or by name and shapes."""
        return _averages(self._profiler, group_by_input_shape, self._shows_bytes)

    def total_average(self):
        """All events as one."""
        averages = _averages(self._profiler)
        return FunctionEventAvg("Total", "", sum(one.count for one in averages),
                                sum(one.cpu_time_total for one in averages),
                                sum(one.self_cpu_time_total for one in averages),
                                sum(one.bytes for one in averages))

    self_cpu_time_total = property(lambda self: self.total_average().self_cpu_time_total)

    def export_chrome_trace(self, path):
        """Writes what chrome://tracing and ui.perfetto.dev show."""
        self._profiler.export_chrome_trace(os.fspath(path))

    def __str__(self):
        return self.table()


def _number(average, name):
    value = getattr(average, name, None)
    if not isinstance(value, (int, float)):
        raise AttributeError(f"table(): nothing to sort by is called {name!r}; there are "
                             "cpu_time_total, self_cpu_time_total, cpu_time, count and bytes")
    return value


def _averages(profiler, by_shapes=False, shows_bytes=False):
    return EventList([FunctionEventAvg(*one) for one in profiler.averages(by_shapes)], profiler,
                     shows_bytes)


def schedule(*, wait, warmup, active, repeat=0, skip_first=0, skip_first_wait=0):
    """What happens in step n: nothing in the first `skip_first`, then in turns nothing in `wait`,
    nothing that is kept in `warmup`, and a profile of `active` steps; `repeat` turns, 0 for ever.
    With a `skip_first_wait` other than 0, the first turn has no `wait`."""
    if min(wait, warmup, repeat, skip_first) < 0 or active <= 0:
        raise ValueError("Invalid profiler schedule arguments")

    def action(step):
        if step < 0:
            raise ValueError(f"a step's number is at least 0, not {step}")
        if step < skip_first:
            return ProfilerAction.NONE
        step -= skip_first
        if skip_first_wait:
            step += wait
        turn, place = divmod(step, wait + warmup + active)
        if (repeat and turn >= repeat) or place < wait:
            return ProfilerAction.NONE
        if place < wait + warmup:
            return ProfilerAction.WARMUP
        last = place == wait + warmup + active - 1
        return ProfilerAction.RECORD_AND_SAVE if last else ProfilerAction.RECORD

    return action


def tensorboard_trace_handler(dir_name, worker_name=None, use_gzip=False):
    """An `on_trace_ready` that writes each trace as a file of its own to a folder."""
    def handle(profiler):
        os.makedirs(dir_name, exist_ok=True)
        worker = worker_name or f"{socket.gethostname()}_{os.getpid()}"
        path = os.path.join(dir_name, f"{worker}.{time.time_ns()}.pt.trace.json")
        profiler.export_chrome_trace(path)
        if use_gzip:
            import gzip

            with open(path, "rb") as plain, gzip.open(f"{path}.gz", "wb") as packed:
                packed.write(plain.read())
            os.remove(path)

    return handle


_RECORDS = ProfilerAction.RECORD, ProfilerAction.RECORD_AND_SAVE


class profile:
    """Profiles what runs within `with`, or between start() and stop().

        with torch.profiler.profile() as profiler:
            model(x)
        print(profiler.key_averages().table(sort_by="cpu_time_total", row_limit=10))

    With a `schedule`, step() ends a step, and `on_trace_ready` is called with this object at the
    end of each turn. Shapes are always kept. `profile_memory` adds a column of bytes to tables: of
    what an op reads and what it gives. There are no stacks, modules and counts of arithmetic:
    `with_stack`, `with_modules` and `with_flops` warn of it.
    """

    def __init__(self, *, activities=None, schedule=None, on_trace_ready=None, record_shapes=False,
                 profile_memory=False, with_stack=False, with_flops=False, with_modules=False,
                 **_):
        asked = {"with_stack": with_stack, "with_flops": with_flops, "with_modules": with_modules}
        if missing := [name for name, value in asked.items() if value]:
            warnings.warn(f"profile(): there is nothing to show for {', '.join(missing)}; ops have "
                          "their names, shapes, bytes and times", stacklevel=2)
        self._shows_bytes = bool(profile_memory)
        self._schedule = schedule or (lambda step: ProfilerAction.RECORD)
        self.on_trace_ready, self.step_num = on_trace_ready, 0
        self._running = self._taken = None

    def start(self):
        """Begins the first step."""
        self._enter()

    def stop(self):
        """Ends the last step."""
        if self._running is not None:
            self._save()

    def step(self):
        """Ends a step, and begins the next."""
        if self._schedule(self.step_num) is ProfilerAction.RECORD_AND_SAVE and \
                self._running is not None:
            self._save()
        self.step_num += 1
        self._enter()

    def _enter(self):
        if self._running is None and self._schedule(self.step_num) in _RECORDS:
            self._running = _core.Profiler()

    def _save(self):
        self._running.stop()
        self._taken, self._running = self._running, None
        if self.on_trace_ready is not None:
            self.on_trace_ready(self)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()
        return False

    def _profile(self):
        if self._taken is None:
            raise RuntimeError("there is no profile yet: it ends with stop(), or with the block")
        return self._taken

    def events(self):
        """What ran, in the order in which it ended."""
        taken = self._profile()
        return EventList([FunctionEvent(name, category, shapes, size, (end - begin) / 1e3, thread)
                          for name, category, shapes, size, begin, end, thread in taken.events()],
                         taken, self._shows_bytes)

    def key_averages(self, group_by_input_shape=False, group_by_stack_n=0, **_):
        """By name, the one with the most time of its own first; or by name and shapes."""
        return _averages(self._profile(), group_by_input_shape, self._shows_bytes)

    def export_chrome_trace(self, path):
        """Writes what chrome://tracing and ui.perfetto.dev show."""
        self._profile().export_chrome_trace(os.fspath(path))


class record_function:
    """An event of a name of your own: around a block, or before a function."""

    def __init__(self, name, args=None):
        if not isinstance(name, str):
            raise TypeError(f"record_function() takes a name, not {type(name).__name__}")
        self.name = name

    def __enter__(self):
        self._begin = _core.profile_clock()
        return self

    def __exit__(self, *_):
        _core.add_profile_scope(self.name, self._begin)
        return False

    def __call__(self, function):
        import functools

        @functools.wraps(function)
        def call(*args, **kwargs):
            with record_function(self.name):
                return function(*args, **kwargs)

        return call
