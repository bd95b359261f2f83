"""Ctrl-C stops what takes long, and leaves nothing broken. Each case runs in a process of its
own."""

import signal
import subprocess
import sys
import textwrap

import pytest

#: Sends the process a real signal `delay` seconds from now; `stopped` is how long it took to raise.
PROLOGUE = """
import os, signal, threading, time
import tenon as torch

def interrupt_after(delay, number=signal.SIGINT):
    def send():
        time.sleep(delay)
        global sent
        sent = time.monotonic()
        os.kill(os.getpid(), number)
    threading.Thread(target=send, daemon=True).start()

def stops(work, delay=0.3):
    interrupt_after(delay)
    try:
        work()
    except KeyboardInterrupt:
        assert time.monotonic() - sent < 5, "far too late"  # less than what is left of the work
        return
    raise SystemExit("it ran to its end")

def works():
    x = torch.arange(100_000, dtype=torch.float64)
    assert (x + 1).sum().item() == 5_000_050_000 and (x @ x).item() > 0
"""


def run(code, timeout=120):
    done = subprocess.run([sys.executable, "-c", PROLOGUE + textwrap.dedent(code)], timeout=timeout,
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.mark.parametrize("threads", [1, 2])
def test_a_product(threads):
    run(f"""
        torch.set_num_threads({threads})
        x = torch.ones(8192, 8192)
        stops(lambda: x @ x)
        works()
    """)


def test_sorting_and_factors():
    run("""
        x = torch.rand(30_000_000)
        stops(lambda: x.sort())
        stops(lambda: torch.linalg.svd(torch.rand(1500, 1500)))
        works()
    """)


def test_backward_and_what_it_leaves():
    run("""
        x = torch.ones(1024, 1024, requires_grad=True)
        y = x
        for _ in range(100):
            y = y @ x * 1e-3
        stops(lambda: y.sum().backward())
        x.grad = None
        (x * 2).sum().backward()
        assert x.grad.min().item() == x.grad.max().item() == 2
        works()
    """)


def test_a_compiled_function():
    run("""
        w = torch.rand(2048, 2048) * 1e-3

        @torch.compile
        def f(x):
            for _ in range(200):
                x = x @ w
            return x

        stops(lambda: f(w))
        small = torch.compile(lambda x: (x * 2).sum())
        assert small(torch.ones(10)).item() == 20
        works()
    """)


def test_an_optimizers_step_is_whole():
    run("""
        parameters = [torch.zeros(3_000_000, requires_grad=True) for _ in range(4)]
        for p in parameters:
            p.grad = torch.ones(3_000_000)
        optimizer = torch.optim.SGD(parameters, lr=1.0, momentum=0.5)
        steps = 0

        def train():
            global steps
            while True:
                optimizer.step()
                steps += 1

        stops(train)
        for p in parameters:
            values = p.detach()
            assert values.min().item() == values.max().item()
        optimizer.step()
        works()
    """)


def test_writes_in_place_are_whole():
    run("""
        x = torch.zeros(40_000_000)

        def count():
            while True:
                x.add_(1)

        stops(count)
        assert x.min().item() == x.max().item()
        works()
    """)


def test_workers_of_a_data_loader():
    run("""
        class Slow(torch.utils.data.Dataset):
            def __len__(self):
                return 1000
            def __getitem__(self, i):
                time.sleep(0.05)
                return i

        def load():
            for batch in torch.utils.data.DataLoader(Slow(), batch_size=4, num_workers=2):
                pass

        stops(load)
        works()
    """)


def test_other_handlers_run_during_an_op():
    run("""
        seen = []

        def raise_timeout(number, frame):
            seen.append(number)
            if len(seen) == 2:
                raise TimeoutError("enough")

        signal.signal(signal.SIGALRM, raise_timeout)
        x = torch.rand(30_000_000)
        signal.setitimer(signal.ITIMER_REAL, 0.2, 0.3)
        try:
            while True:
                x.sort()
        except TimeoutError:
            signal.setitimer(signal.ITIMER_REAL, 0)
            assert seen == [signal.SIGALRM] * 2
        else:
            raise SystemExit("it ran to its end")
        works()
    """)


def test_other_threads_are_left_alone():
    run("""
        w = torch.rand(1024, 1024) * 1e-3
        done = []

        def compute():
            x = w
            for _ in range(100):
                x = x @ w
            done.append(x)

        thread = threading.Thread(target=compute)
        thread.start()
        interrupt_after(0.2)
        try:
            while thread.is_alive():
                time.sleep(0.01)
        except KeyboardInterrupt:
            thread.join()
            assert len(done) == 1
        else:
            raise SystemExit("it ended before the signal")
    """)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
