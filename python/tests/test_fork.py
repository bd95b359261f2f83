"""A process may fork while another of its threads is in an op."""

import subprocess
import sys
import textwrap

PROLOGUE = """
import os, signal, threading, time, warnings
import tenon as torch

warnings.simplefilter("ignore")  # Python's own, of forking with threads

def train(rows):
    model = torch.nn.Sequential(torch.nn.Linear(8, rows), torch.nn.ReLU(), torch.nn.Linear(rows, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    step = torch.compile(lambda x: model(x).square().mean())
    for _ in range(3):
        optimizer.zero_grad()
        step(torch.randn(rows, 8)).backward()
        optimizer.step()
    torch.nn.functional.conv2d(torch.randn(2, 3, rows, rows), torch.randn(4, 3, 3, 3)).sum()
    return torch.fft.fft(torch.randn(rows)).abs().sum().item()

def train_for_ever():
    rows = 8
    while True:  # sizes that are new, so that caches are written all the time
        train(rows)
        rows = 8 + (rows - 7) % 200

train(8)  # imports what it needs: Python's own locks of imports don't survive a fork

def run_in_child(work, limit=60):
    child = os.fork()
    if child == 0:
        try:
            work()
            os._exit(0)
        finally:
            os._exit(1)
    end = time.monotonic() + limit
    while time.monotonic() < end:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            assert status == 0, f"the child ended with {status}"
            return
        time.sleep(0.002)
    os.kill(child, signal.SIGKILL)
    raise SystemExit("the child hangs")
"""


def run(code):
    done = subprocess.run([sys.executable, "-c", PROLOGUE + textwrap.dedent(code)], timeout=300,
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]


def test_children_work_whatever_other_threads_did():
    run("""
        for _ in range(2):
            threading.Thread(target=train_for_ever, daemon=True).start()
        for i in range(150):
            time.sleep(0.001 * (i % 7))
            run_in_child(lambda: train(8 + i))
        os._exit(0)
    """)


def test_workers_of_a_data_loader_start_while_a_thread_trains():
    run("""
        class Rows(torch.utils.data.Dataset):
            def __len__(self):
                return 64
            def __getitem__(self, i):
                return torch.full((4,), float(i)).exp().log()

        threading.Thread(target=train_for_ever, daemon=True).start()
        for _ in range(10):
            loader = torch.utils.data.DataLoader(Rows(), batch_size=8, num_workers=2)
            total = sum(batch.sum().item() for batch in loader)
            assert abs(total - 4 * 63 * 32) < 0.1, total
        os._exit(0)
    """)


def test_a_child_counts_its_memory():
    run("""
        held = []

        def hold():
            held.append(torch.zeros(1000))
            threading.Event().wait()

        for _ in range(8):
            threading.Thread(target=hold, daemon=True).start()
        while len(held) < 8:
            time.sleep(0.01)

        def look():
            threads = [threading.Thread(target=lambda: torch.ones(10).sum()) for _ in range(8)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            torch.ones(1 << 20)
            try:
                torch.empty(1 << 48)
            except MemoryError as error:
                assert "tensors hold" in str(error)
            else:
                raise SystemExit("no error")

        run_in_child(look)
        os._exit(0)
    """)
