"""tenon.tf against TensorFlow's own results, with shapes and dtypes."""

import json

import numpy as np
import pytest

import tenon.tf as tf

from make_values import HERE, as_json, expressions, names

VALUES = json.loads((HERE / "values.json").read_text())
NAMES = names(tf)


def check(mine, expected, text):
    if isinstance(expected, dict) and set(expected) == {"dtype", "shape", "values"}:
        assert mine["dtype"] == expected["dtype"], text
        assert mine["shape"] == expected["shape"], text
        if expected["dtype"] == "string":
            assert mine["values"] == expected["values"]
        else:
            np.testing.assert_allclose(np.array(mine["values"], float),
                                       np.array(expected["values"], float), rtol=2e-5, atol=2e-6,
                                       err_msg=text)
    elif isinstance(expected, list):
        assert len(mine) == len(expected), text
        for one, other in zip(mine, expected):
            check(one, other, text)
    elif isinstance(expected, dict):
        assert set(mine) == set(expected), text
        for key in expected:
            check(mine[key], expected[key], text)
    else:
        assert mine == expected, text


@pytest.mark.parametrize("text", expressions())
def test_value(text):
    check(json.loads(json.dumps(as_json(eval(text, dict(NAMES))))), VALUES[text], text)
