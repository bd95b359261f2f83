"""Row 13: `block.py torch|torch-compile|jax`: what a training step of a GPT-2-shaped block adds to
resident memory, at most, and how long it takes; the block and the step of benchmarks/row13.cpp.

Imports, the compiler's own included, and its first use come before the count. What compiling the
block itself takes is left out, too, in the peers' favour: the peak is counted anew once it is done.
"""

import gc
import json
import math
import os
import sys

from timing import seconds_per_call

os.environ.setdefault("JAX_PLATFORMS", "cpu")
BATCH, LENGTH, WIDTH, HEADS = 4, 256, 768, 12


def status_bytes(line_name):
    with open("/proc/self/status") as status:
        return next(1024 * int(line.split()[1]) for line in status if line.startswith(line_name))


def count_peak_anew():
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")


def torch_step(compiled):
    import torch
    import torch.nn.functional as F
    from torch import nn

    def maybe_compile(function):
        return torch.compile(function) if compiled else function

    class Block(nn.Module):
        def __init__(self, width):
            super().__init__()
            self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
            self.qkv, self.project = nn.Linear(width, 3 * width), nn.Linear(width, width)
            self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

        def attention(self, x):
            batch, length, width = x.shape
            q, k, v = (self.qkv(x).reshape(batch, length, 3, HEADS, width // HEADS)
                       .permute(2, 0, 3, 1, 4).unbind(0))
            later = torch.triu(torch.ones(length, length, dtype=torch.bool), 1)
            scores = (q @ k.transpose(-2, -1)) / math.sqrt(width // HEADS)
            mixed = scores.masked_fill(later, -math.inf).softmax(-1) @ v
            return self.project(mixed.permute(0, 2, 1, 3).reshape(batch, length, width))

        def forward(self, x):
            y = x + self.attention(self.norm1(x))
            return y + self.down(F.gelu(self.up(self.norm2(y))))

    def make(width, length):
        block = Block(width)
        optimizer = torch.optim.AdamW(block.parameters(), fused=True)
        loss_of = maybe_compile(lambda x: block(x).square().mean())
        x = torch.randn(BATCH, length, width)

        def step():
            loss_of(x).backward()
            optimizer.step()
            optimizer.zero_grad()

        return step

    return make


def jax_step():
    import jax
    import jax.numpy as jnp

    def norm(x, weight, bias):
        centred = x - x.mean(-1, keepdims=True)
        return centred * jax.lax.rsqrt(jnp.square(centred).mean(-1, keepdims=True) +
                                       1e-5) * weight + bias

    def block(p, x):
        batch, length, width = x.shape
        linear = lambda name, x: x @ p[name]["weight"].T + p[name]["bias"]  # noqa: E731
        q, k, v = (linear("qkv", norm(x, **p["norm1"]))
                   .reshape(batch, length, 3, HEADS, width // HEADS).transpose(2, 0, 3, 1, 4))
        later = jnp.triu(jnp.ones((length, length), bool), 1)
        scores = q @ k.swapaxes(-2, -1) / math.sqrt(width // HEADS)
        mixed = jax.nn.softmax(jnp.where(later, -jnp.inf, scores), -1) @ v
        mixed = mixed.transpose(0, 2, 1, 3).reshape(batch, length, width)
        y = x + linear("project", mixed)
        return y + linear("down", jax.nn.gelu(linear("up", norm(y, **p["norm2"])),
                                              approximate=False))

    def parameters(width):
        key = jax.random.key(1)
        sizes = {"qkv": (3 * width, width), "project": (width, width), "up": (4 * width, width),
                 "down": (width, 4 * width)}
        made = {name: {"weight": jax.random.normal(key, size) * 0.02, "bias": jnp.zeros(size[0])}
                for name, size in sizes.items()}
        for name in "norm1", "norm2":
            made[name] = {"weight": jnp.ones(width), "bias": jnp.zeros(width)}
        return made

    def step(state, x):
        p, m, v, t = state
        gradient = jax.grad(lambda p: jnp.square(block(p, x)).mean())(p)
        t = t + 1
        m = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, m, gradient)
        v = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, v, gradient)

        def update(p, m, v):
            scale = jnp.sqrt(v / (1 - 0.999**t)) + 1e-8
            return p * (1 - 1e-5) - 1e-3 * (m / (1 - 0.9**t)) / scale

        return jax.tree.map(update, p, m, v), m, v, t

    def make(width, length):
        compiled = jax.jit(step, donate_argnums=0)
        p = parameters(width)
        zeros = jax.tree.map(jnp.zeros_like, p)
        state = [(p, zeros, jax.tree.map(jnp.zeros_like, p), jnp.zeros(()))]
        x = jax.random.normal(jax.random.key(2), (BATCH, length, width))

        def body():
            state[0] = jax.block_until_ready(compiled(state[0], x))

        return body

    return make


def measure(make):
    small = make(48, 16)
    for _ in range(4):
        small()
    del small
    gc.collect()
    before = status_bytes("VmRSS:")
    step = make(WIDTH, LENGTH)
    for _ in range(3):
        step()
    gc.collect()
    count_peak_anew()
    for _ in range(4):
        step()
    peak = status_bytes("VmHWM:") - before
    return {"peak_mb": peak / 1e6, "step_ms": 1e3 * seconds_per_call(step, 2)}


peer = sys.argv[1]
print(json.dumps(measure(jax_step() if peer == "jax" else torch_step(peer == "torch-compile"))))
