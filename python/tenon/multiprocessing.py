"""Python's multiprocessing, whose processes may share the memory of tensors: of those of which
`share_memory_()` was called."""

import multiprocessing
import signal
from multiprocessing import *  # noqa: F403: all of Python's
from multiprocessing.connection import wait as _wait

from . import _sharing

__all__ = [*multiprocessing.__all__, "ProcessContext", "ProcessExitedException",
           "ProcessRaisedException", "get_all_sharing_strategies", "get_sharing_strategy",
           "set_sharing_strategy", "spawn", "start_processes"]

_sharing.register()


def get_all_sharing_strategies():
    """The ways in which memory is shared: by a file's descriptor."""
    return {"file_descriptor"}


def get_sharing_strategy():
    """The way in which memory is shared."""
    return "file_descriptor"


def set_sharing_strategy(new_strategy):
    """PyTorch's two strategies are taken; there is one here."""
    if new_strategy not in ("file_descriptor", "file_system"):
        raise ValueError(f"set_sharing_strategy() takes 'file_descriptor' or 'file_system', not "
                         f"{new_strategy!r}")


class ProcessRaisedException(Exception):
    """A process ended with an exception, whose text this has."""

    def __init__(self, msg, error_index, error_pid):
        super().__init__(msg)
        self.msg, self.error_index, self.pid = msg, error_index, error_pid


class ProcessExitedException(Exception):
    """A process ended otherwise than by returning."""

    def __init__(self, msg, error_index, error_pid, exit_code, signal_name=None):
        super().__init__(msg)
        self.msg, self.error_index, self.pid = msg, error_index, error_pid
        self.exit_code, self.signal_name = exit_code, signal_name


def _run(fn, i, args, errors):
    try:
        fn(i, *args)
    except KeyboardInterrupt:  # the parent has it, too
        pass
    except Exception:
        import sys
        import traceback

        errors.put(traceback.format_exc())
        sys.exit(1)


class ProcessContext:
    """Running processes."""

    def __init__(self, processes, error_queues):
        self.processes, self._errors = processes, error_queues

    def pids(self):
        """The processes' numbers."""
        return [process.pid for process in self.processes]

    def join(self, timeout=None, grace_period=None):
        """Waits until a process ends: True where all have. When one fails the others are ended, and
        this raises."""
        running = {process.sentinel: i for i, process in enumerate(self.processes)
                   if process.is_alive() or process.exitcode is None}
        ended = [running[one] for one in _wait(list(running), timeout)] if running else []
        for i in ended:
            self.processes[i].join()
        failed = next((i for i, process in enumerate(self.processes) if process.exitcode), None)
        if failed is None:
            return all(process.exitcode == 0 for process in self.processes)
        for process in self.processes:
            if process.is_alive():
                process.terminate()
        for process in self.processes:
            process.join(grace_period)
            if process.is_alive():
                process.kill()
                process.join()
        self._raise(failed)
        return None

    def _raise(self, i):
        process = self.processes[i]
        if not self._errors[i].empty():
            text = (f"\n\n-- Process {i} terminated with the following error:\n"
                    f"{self._errors[i].get()}")
            raise ProcessRaisedException(text, i, process.pid)
        code = process.exitcode
        if code < 0:
            name = signal.Signals(-code).name
            raise ProcessExitedException(f"process {i} terminated with signal {name}", i,
                                         process.pid, code, name)
        raise ProcessExitedException(f"process {i} terminated with exit code {code}", i,
                                     process.pid, code)


def start_processes(fn, args=(), nprocs=1, join=True, daemon=False, start_method="spawn"):
    """Runs fn(i, *args) in `nprocs` processes, i from 0 on, and waits for them where `join`."""
    context = multiprocessing.get_context(start_method)
    processes, errors = [], []
    for i in range(nprocs):
        errors.append(context.SimpleQueue())
        process = context.Process(target=_run, args=(fn, i, args, errors[i]), daemon=daemon)
        process.start()
        processes.append(process)
    started = ProcessContext(processes, errors)
    if not join:
        return started
    while not started.join():
        pass
    return None


def spawn(fn, args=(), nprocs=1, join=True, daemon=False, start_method="spawn"):
    """As `start_processes`, with processes that begin anew."""
    return start_processes(fn, args, nprocs, join, daemon, start_method)
