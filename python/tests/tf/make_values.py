"""Writes values.json: what TensorFlow gives for expressions.txt. Run with TensorFlow 2.21
installed."""

import json
import pathlib

import numpy as np

HERE = pathlib.Path(__file__).parent


def expressions():
    """The lines of expressions.txt that are expressions."""
    lines = (HERE / "expressions.txt").read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def names(tf):
    """What the expressions are about."""
    numbers = np.random.RandomState(0)
    matrix = lambda *shape: tf.constant(numbers.rand(*shape).astype(np.float32))  # noqa: E731
    a, b = matrix(2, 3), matrix(2, 3)
    return {"tf": tf, "np": np, "a": a, "b": tf.concat([a[:1], b[1:]], 0),
            "v": tf.constant([1.0, 2.0, 0.5, 4.0, 3.0, -1.0]), "i": tf.constant([1, 2, 3, 4]),
            "l": tf.constant([1, 2, 3], tf.int64), "m": tf.constant([True, False, True, False]),
            "x": matrix(2, 5, 6, 2), "k": matrix(3, 3, 2, 3), "k2": matrix(3, 3, 3, 2)}


def as_json(value):
    """A result with its dtype and shape, in JSON's terms."""
    if isinstance(value, (list, tuple)):
        return [as_json(one) for one in value]
    if isinstance(value, dict):
        return {key: as_json(one) for key, one in value.items()}
    if hasattr(value, "numpy"):
        array = np.asarray(value.numpy())
        name = value.dtype.name
        if array.dtype.kind == "c":
            array = np.stack([array.real, array.imag], -1)
        values = [one.decode("latin-1") if isinstance(one, bytes) else one
                  for one in array.reshape(-1).tolist()]
        return {"dtype": name, "shape": list(value.shape), "values": values}
    return value.decode() if isinstance(value, bytes) else value


if __name__ == "__main__":
    import tensorflow

    known = names(tensorflow)
    values = {text: as_json(eval(text, dict(known))) for text in expressions()}
    with open(HERE / "values.json", "w") as file:
        file.write("{\n" + ",\n".join(f"{json.dumps(text)}: {json.dumps(value)}"
                                      for text, value in values.items()) + "\n}\n")
