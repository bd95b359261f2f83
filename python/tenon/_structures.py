"""Tensors in dicts, lists and tuples, beside plain values, as text that files hold.

A description is plain JSON: {"dict": [[key, description], ...]}, {"list": [...]}, {"tuple": [...]},
{"value": v}, or {TENSOR: which} in place of a tensor.
"""

from . import _core

TENSOR = "__tensor__"


def describe(value, name_of, call, path=""):
    """The description of `value`; `name_of(tensor, path)` says which tensor one is. `call` is what
    errors name."""
    def below(key):
        return f"{path}.{key}" if path else str(key)

    if isinstance(value, _core.Tensor):
        return {TENSOR: name_of(value, path)}
    if isinstance(value, dict):
        for key in value:
            if not isinstance(key, (str, int)):
                raise TypeError(f"{call}(): keys are str or int, not {type(key).__name__}")
        return {"dict": [[key, describe(item, name_of, call, below(key))]
                         for key, item in value.items()]}
    if isinstance(value, (list, tuple)):
        kind = "list" if isinstance(value, list) else "tuple"
        return {kind: [describe(item, name_of, call, below(i)) for i, item in enumerate(value)]}
    if value is None or isinstance(value, (bool, int, float, str)):
        return {"value": value}
    if hasattr(value, "item") and getattr(value, "shape", None) == ():  # a number of NumPy's
        return {"value": value.item()}
    hint = "; give its state_dict()" if hasattr(value, "state_dict") else ""
    raise TypeError(f"{call}() takes tensors, dicts, lists, numbers, texts and None, not "
                    f"{type(value).__name__}{hint}")


def restore(description, tensor_of):
    """What was described, with `tensor_of(which)` in the places of tensors. Raises one of
    `MALFORMED` where it is no description."""
    kind, content = next(iter(description.items()))
    if kind == TENSOR:
        return tensor_of(content)
    if kind == "dict":
        return {key: restore(item, tensor_of) for key, item in content}
    if kind == "list":
        return [restore(item, tensor_of) for item in content]
    if kind == "tuple":
        return tuple([restore(item, tensor_of) for item in content])
    return content


#: What reading a text that describes nothing raises.
MALFORMED = (AttributeError, KeyError, IndexError, StopIteration, TypeError, ValueError,
             RecursionError)
