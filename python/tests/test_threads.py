"""Python's lock is let go of while kernels run: other threads go on."""

import sys
import threading

import pytest
import tenon as torch


def lets_others_run(work):
    """Whether another thread runs Python while `work` computes. Nothing else here lets go of
    Python's lock: threads aren't made to take turns, and nothing waits."""
    seen, go = [], threading.Lock()
    go.acquire()
    other = threading.Thread(target=lambda: go.acquire() and seen.append(True))
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1000)
    try:
        other.start()
        go.release()
        for _ in range(100):  # until the system has woken the other thread
            work()
            if seen:
                return True
        return False
    finally:
        sys.setswitchinterval(interval)
        other.join()


def product():
    x = torch.ones(700, 700)
    return lambda: x @ x


def backward():
    x = torch.ones(500, 500, requires_grad=True)
    y = ((x @ x) @ x).sum()
    return lambda: y.backward(retain_graph=True)


def elementwise():
    x = torch.ones(4_000_000)
    return lambda: x.add_(1)


def sorting():
    x = torch.rand(500_000)
    return lambda: x.sort()


def factors():
    x = torch.rand(150, 150)
    return lambda: torch.linalg.svd(x)


def compiled():
    x = torch.ones(700, 700)
    f = torch.compile(lambda x: (x @ x).sum())
    return lambda: f(x).item()


def step():
    x = torch.zeros(2_000_000, requires_grad=True)
    x.grad = torch.ones(2_000_000)
    return torch.optim.Adam([x]).step


@pytest.mark.parametrize("make", [product, backward, elementwise, sorting, factors, compiled, step])
def test_kernels_run_without_pythons_lock(make):
    assert lets_others_run(make())


def test_python_code_does_not():
    assert not lets_others_run(lambda: sum(range(1000)))
