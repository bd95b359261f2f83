"""Row 13: `first_op.py PEER`: one addition of eight floats, then when that was and what it took."""

import json
import os
import sys
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("JAX_PLATFORMS", "cpu")


def add_in_onnx_runtime():
    """The model `z = x + y` as ONNX bytes, written out by hand: ONNX Runtime adds nothing alone."""
    import numpy
    import onnxruntime

    def field(number, data):
        data = data.encode() if isinstance(data, str) else data
        return bytes([number << 3 | 2, len(data)]) + data

    shape = field(2, field(1, bytes([1 << 3, 8])))
    float_tensor = field(2, field(1, bytes([1 << 3, 1]) + shape))
    node = field(1, "x") + field(1, "y") + field(2, "z") + field(4, "Add")
    graph = field(1, node) + field(2, "g")
    graph += field(11, field(1, "x") + float_tensor) + field(11, field(1, "y") + float_tensor)
    graph += field(12, field(1, "z") + float_tensor)
    model = bytes([1 << 3, 8]) + field(7, graph) + field(8, bytes([2 << 3, 14]))
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    ones = numpy.ones(8, numpy.float32)
    return onnxruntime.__version__, session.run(None, {"x": ones, "y": ones})[0]


def add(peer):
    if peer == "torch":
        import torch

        return torch.__version__, torch.ones(8) + torch.ones(8)
    if peer == "tenon":
        import tenon

        return tenon.__version__, tenon.ones(8) + tenon.ones(8)
    if peer == "tensorflow":
        import tensorflow as tf

        return tf.__version__, (tf.ones(8) + tf.ones(8)).numpy()
    if peer == "jax":
        import jax
        import jax.numpy as jnp

        return jax.__version__, (jnp.ones(8) + jnp.ones(8)).block_until_ready()
    return add_in_onnx_runtime()


version, result = add(sys.argv[1])
now = time.monotonic_ns()
assert float(result[0]) == 2
with open("/proc/self/status") as status:
    resident = next(int(line.split()[1]) for line in status if line.startswith("VmRSS:"))
print(json.dumps({"monotonic_ns": now, "resident_bytes": 1024 * resident, "version": version}))
