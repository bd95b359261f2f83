"""no_grad and its kin: as contexts, before functions and generators, within threads, as bases, and
copied."""

import copy
import pickle
import threading

import pytest
import tenon as torch
from tenon import _core


def modes():
    return (torch.is_grad_enabled(), _core.is_inference_mode_enabled(), _core.autocast_dtype(),
            torch.is_anomaly_enabled())


OFF = (True, False, torch.float32, False)  # outside of all
CONTEXTS = [
    (torch.no_grad, (False, *OFF[1:])),
    (lambda: torch.inference_mode(), (False, True, *OFF[2:])),
    (lambda: torch.inference_mode(False), OFF),
    (lambda: torch.autocast("cpu"), (*OFF[:2], torch.bfloat16, False)),
    (lambda: torch.autocast("cpu", torch.float16), (*OFF[:2], torch.float16, False)),
    (lambda: torch.autocast("cpu", torch.float32, enabled=False), OFF),
    (torch.autograd.detect_anomaly, (*OFF[:3], True)),
    (lambda: torch.autograd.detect_anomaly(False), OFF),
]


@pytest.mark.parametrize("make, inside", CONTEXTS)
def test_contexts(make, inside):
    context = make()
    with context as entered:
        assert modes() == inside and entered is context
        with context:  # within itself
            assert modes() == inside
        assert modes() == inside
    assert modes() == OFF
    for copied in copy.deepcopy(context), pickle.loads(pickle.dumps(context)):
        assert type(copied) is type(context)
        with copied:
            assert modes() == inside
        assert modes() == OFF

    @make()
    def decorated(depth):
        """Its text."""
        assert modes() == inside
        return depth if depth == 0 else 1 + decorated(depth - 1)

    assert decorated(3) == 3 and modes() == OFF
    assert decorated.__name__ == "decorated" and decorated.__doc__ == "Its text."


@pytest.mark.parametrize("make, inside", CONTEXTS)
def test_generators_are_within_the_mode_while_they_run(make, inside):
    seen = []

    @make()
    def count():
        try:
            for i in range(5):
                try:
                    assert modes() == inside
                    seen.append((yield i))
                except KeyError:
                    seen.append("caught")
        finally:
            seen.append(modes() == inside)
        return "end"

    running = count()
    assert next(running) == 0 and modes() == OFF
    assert running.send("sent") == 1 and modes() == OFF
    assert running.throw(KeyError()) == 2 and modes() == OFF
    running.close()
    assert seen == ["sent", "caught", True] and modes() == OFF
    assert list(count()) == [0, 1, 2, 3, 4]

    def outer():
        assert (yield from count()) == "end"

    assert len(list(outer())) == 5 and modes() == OFF


def test_setting_from_the_call_on():
    made = torch.set_grad_enabled(False)
    assert not torch.is_grad_enabled()
    copy.copy(made)  # sets nothing
    made.__exit__(None, None, None)
    assert modes() == OFF

    @torch.set_grad_enabled(False)  # within the function only
    def decorated():
        return torch.is_grad_enabled()

    assert modes() == OFF and decorated() is False and modes() == OFF
    with torch.autograd.set_detect_anomaly(True):
        assert torch.is_anomaly_enabled()
    assert modes() == OFF


def test_functions_without_brackets():
    @torch.no_grad
    def recorded():
        return modes()

    @torch.inference_mode
    def inferred():
        return modes()

    assert recorded()[0] is False and inferred()[:2] == (False, True) and modes() == OFF


def test_classes_below():
    class Quiet(torch.no_grad):
        entered = 0

        def __init__(self, name):
            super().__init__()
            self.name = name

        def __new__(cls, name):
            return super().__new__(cls)

        def __enter__(self):
            self.entered += 1
            return super().__enter__()

    class Lower(torch.autocast):
        def __init__(self, enabled=True):
            super().__init__("cpu", enabled=enabled)
            self.note = "kept"

    with Quiet("a") as quiet:
        assert not torch.is_grad_enabled() and quiet.name == "a" and quiet.entered == 1
    assert isinstance(quiet, torch.no_grad) and not isinstance(quiet, torch.enable_grad)
    assert modes() == OFF
    copied = copy.deepcopy(Lower())
    assert copied.note == "kept"
    with copied:
        assert modes()[2] is torch.bfloat16
    assert repr(torch.no_grad()).startswith("<tenon.no_grad object at ")


def test_threads_share_a_decorated_function():
    inside, left = threading.Barrier(2), []

    @torch.no_grad()
    def both_at_once():
        inside.wait()
        left.append(torch.is_grad_enabled())
        inside.wait()

    def run(before):
        torch.set_grad_enabled(before)
        both_at_once()
        left.append(torch.is_grad_enabled() == before)

    threads = [threading.Thread(target=run, args=(before,)) for before in (True, False)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(left) == [False, False, True, True]


def test_mistakes():
    for make, kind, text in (
            (lambda: torch.no_grad(3), TypeError, r"^no_grad\(\) takes nothing, or the function"),
            (lambda: torch.autocast("cpu", torch.int64), ValueError, "bfloat16 or float16, not"),
            (lambda: torch.autocast("cpu", "half"), TypeError, "'dtype' must be a dtype"),
            (lambda: torch.autocast("gpu"), torch.DeviceError, "'gpu' is no device"),
            (lambda: torch.set_grad_enabled(), TypeError, "missing required argument 'mode'"),
            (lambda: torch.no_grad().__exit__(), RuntimeError, "without an __enter__")):
        with pytest.raises(kind, match=text):
            make()
    with pytest.warns(UserWarning, match="'cuda' is not available: disabled") as seen:
        with torch.autocast("cuda"):
            assert modes() == OFF
    assert seen[0].filename == __file__
    with pytest.raises(ZeroDivisionError), torch.no_grad(), torch.autocast("cpu"):
        1 / 0
    assert modes() == OFF
