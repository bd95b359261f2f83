"""Calls every public function and class of the package with random and hostile arguments.

    calls.py FOLDER SEED ROUNDS

Every outcome has to be a result or one of Python's exceptions, without a word of C++'s own. What is
being called stands in FOLDER/call, for whoever finds the process dead.
"""

import importlib
import inspect
import os
import pathlib
import pkgutil
import random
import re
import signal
import sys
import warnings

import tenon as torch
from values import any_value, value_for

#: What changes the process, waits for others, or is no function but the test's own tool.
LEFT_OUT = {"set_num_threads", "SharedMemory", "spawn", "start_processes", "set_default_device",
            "share_memory_", "share_memory", "set_num_interop_threads", "detect_anomaly"}
#: The tests of users, and what worker processes write to each other.
MODULES_LEFT_OUT = {"tenon.testing", "tenon.tf.test", "tenon.utils.data.transport"}
ALLOWED = (TypeError, ValueError, IndexError, KeyError, AttributeError, RuntimeError, OverflowError,
           MemoryError, BufferError, OSError, ZeroDivisionError, StopIteration, EOFError)
OF_CPP = re.compile(r"std::|basic_string|_M_|::at\b|bad_(alloc|cast|optional|variant|function)|"
                    r"unknown C\+\+|nanobind|Intrusive|vector<|\{lambda|\.cpp:\d|Assertion")
SECONDS = 1


class TooLong(BaseException):
    pass


def public(module):
    for name in sorted(vars(module)):
        value = getattr(module, name)
        its_own = getattr(value, "__module__", None) or ""
        if name.startswith("_") or name in LEFT_OUT or not callable(value):
            continue
        if its_own.startswith("tenon") or type(value).__name__ == "OpFunction":
            yield f"{module.__name__}.{name}", value


def everything():
    seen, found = set(), []
    names = [module.name for module in pkgutil.walk_packages(torch.__path__, "tenon.")]
    names = [name for name in names if "._" not in name and name not in MODULES_LEFT_OUT]
    for name in ["tenon", "tenon._core", *names]:
        module = importlib.import_module(name)
        for title, value in public(module):
            if id(value) not in seen:
                seen.add(id(value))
                found.append((title, value))
    found += [(f"Tensor.{name}", getattr(torch.Tensor, name)) for name in sorted(dir(torch.Tensor))
              if not name.startswith("_") and callable(getattr(torch.Tensor, name))]
    return found


def parameters_of(function):
    """(name, takes a tensor, has a default, kind) of each."""
    try:
        given = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        written = re.match(r"\w+\((.*)\) -> ", getattr(function, "__doc__", None) or "")
        if not written:
            return None
        return [(part.split("=")[0].split(" ")[-1], part.startswith("Tensor"), "=" in part, "one")
                for part in written[1].split(", ") if " " in part]
    kinds = {inspect.Parameter.VAR_POSITIONAL: "many", inspect.Parameter.VAR_KEYWORD: "named",
             inspect.Parameter.KEYWORD_ONLY: "keyword"}
    return [(one.name, one.name == "self", one.default is not one.empty, kinds.get(one.kind, "one"))
            for one in given]


def arguments_for(generator, function):
    known = parameters_of(function)
    if known is None or generator.random() < 0.1:
        return [any_value(generator) for _ in range(generator.randrange(5))], {}
    given, named = [], {}
    for name, is_tensor, has_default, kind in known:
        if kind == "many":
            given += [value_for(generator, name) for _ in range(generator.randrange(3))]
        elif kind == "named" or (has_default and generator.random() < 0.7):
            continue
        elif generator.random() < 0.03:
            break
        elif kind == "keyword" or named or has_default:
            named[name] = value_for(generator, name, is_tensor)
        else:
            given.append(value_for(generator, name, is_tensor))
    return given, named


class Fuzzer:
    def __init__(self, folder, seed):
        self.seed, self.generator = seed, None
        self.note = os.open(os.path.join(folder, "call"), os.O_RDWR | os.O_CREAT)
        self.results = self.calls = 0
        self.failures = []

    def call(self, title, function, given=None, named=None):
        """What it returns; None where it raises what it may."""
        if given is None:
            given, named = self.timed(lambda: arguments_for(self.generator, function)) or ([], {})
        shown = self.shown(title, given, named or {})
        os.ftruncate(self.note, 0)
        os.pwrite(self.note, shown.encode("utf-8", "replace"), 0)
        self.calls += 1
        try:
            result = self.timed(lambda: function(*given, **(named or {})))
            self.results += 1
            return result
        except TooLong:  # just as it ended
            pass
        except ALLOWED as error:
            is_bare = isinstance(error, NotImplementedError) and not str(error)
            if OF_CPP.search(str(error)) or is_bare:
                self.failures.append(f"{shown}: {error!r}")
        except BaseException as error:
            self.failures.append(f"{shown}: {error!r}")
        return None

    @staticmethod
    def timed(work):
        """None where it takes too long."""
        signal.setitimer(signal.ITIMER_REAL, SECONDS)
        try:
            return work()
        except TooLong:
            return None
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)

    @staticmethod
    def shown(title, given, named):
        def show(value):
            if isinstance(value, torch.Tensor) and not torch.nn.parameter.is_lazy(value):
                return f"{type(value).__name__}{tuple(value.shape)}:{value.dtype}"
            return f"{type(value).__name__}" if not isinstance(value,
                                                               (int, float, str, tuple, bytes)) \
                else ascii(value)[:60]

        parts = [show(value) for value in given] + [f"{k}={show(v)}" for k, v in named.items()]
        return f"{title}({', '.join(parts)})"

    def use(self, title, made):
        """What modules, optimizers and the like do once they are made."""
        if isinstance(made, torch.nn.Module):
            for _ in range(2):
                result = self.call(f"{title}()", made)
                if isinstance(result, torch.Tensor) and result.requires_grad:
                    self.call(f"{title}().backward", result.sum().backward, [])
        methods = [name for name in dir(made) if not name.startswith("_") and name not in LEFT_OUT]
        for name in self.generator.sample(methods, min(3, len(methods))):
            method = self.call(f"getattr {title}.{name}", getattr, [made, name])
            if callable(method):
                self.call(f"{title}.{name}", method)
        if hasattr(made, "__iter__") and not isinstance(made, torch.Tensor):
            self.call(f"{title}.__iter__", lambda: [one for one, _ in zip(made, range(5))], [])

    def run(self, rounds):
        def stop(number, frame):
            raise TooLong

        signal.signal(signal.SIGALRM, stop)
        found = everything()
        for number in range(rounds):
            for title, function in found:
                # By name: a function is called alike whatever others there are.
                self.generator = random.Random(f"{self.seed} {number} {title}")
                made = self.call(title, function)
                if isinstance(function, type) and made is not None:
                    self.use(title, made)
                self.reset()
        return len(found)

    def reset(self):
        torch.set_grad_enabled(True)
        torch._core.set_inference_mode(False)
        torch._core.set_autocast_dtype(self.modes)
        torch.set_default_dtype(torch.float32)

    modes = torch._core.autocast_dtype()


def main(folder, seed, rounds):
    os.chdir(folder)
    warnings.simplefilter("ignore")
    report = os.fdopen(os.dup(1), "w")  # functions that take files may be given the number 1
    sys.stdout = open(os.devnull, "w")
    fuzzer = Fuzzer(folder, int(seed))
    functions = fuzzer.run(int(rounds))
    pathlib.Path("failures").write_text("\n".join(fuzzer.failures), errors="replace")
    print(f"{functions} functions, {fuzzer.calls} calls, {fuzzer.results} results",
          file=report, flush=True)
    os._exit(bool(fuzzer.failures))


if __name__ == "__main__":
    main(*sys.argv[1:])
