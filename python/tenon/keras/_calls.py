"""How calls of layers go: whether they train, and what their `call` takes."""

import inspect
import threading


class _Calls(threading.local):
    """Of one thread: the `training` of the layer that is being called, how deep calls are, whether
    that layer computes in a half type, and whether only shapes are looked for, so that no variable
    may change."""

    training = None
    depth = 0
    is_mixed = False
    finds_shapes = False


calls = _Calls()


def shown_shape(shape):
    """A shape as errors show it: batches that only stand for any have no size."""
    return (None, *shape[1:]) if calls.finds_shapes and len(shape) else tuple(shape)


class CallSignature:
    """What a `call` method takes."""

    def __init__(self, function):
        try:
            parameters = list(inspect.signature(function).parameters.values())
        except (TypeError, ValueError):  # of something built in
            parameters = []
        if parameters and parameters[0].name == "self":
            parameters = parameters[1:]
        self.names = [parameter.name for parameter in parameters
                      if parameter.kind in (parameter.POSITIONAL_ONLY,
                                            parameter.POSITIONAL_OR_KEYWORD)]
        self.keywords = {parameter.name for parameter in parameters
                         if parameter.kind in (parameter.POSITIONAL_OR_KEYWORD,
                                               parameter.KEYWORD_ONLY)}
        self.takes_any = any(parameter.kind == parameter.VAR_KEYWORD for parameter in parameters)
        self.takes_training = "training" in self.keywords
        self.takes_mask = "mask" in self.keywords
        self.training_index = self._index("training")
        self.mask_index = self._index("mask")
        self.mask_names = [(self.names.index(name[:-5]), name[:-5], name) for name in self.keywords
                           if name.endswith("_mask") and name[:-5] in self.names]

    def _index(self, name):
        return self.names.index(name) if name in self.names else 1 << 30

    def named(self, args, kwargs):
        """The arguments by their names."""
        return {**dict(zip(self.names, args)), **kwargs}


    def without_training(self, args, kwargs):
        """The arguments, `training` among them as False where it was given."""
        at = self.training_index
        if len(args) > at and args[at]:
            args = (*args[:at], False, *args[at + 1:])
        return args, {**kwargs, "training": False} if kwargs.get("training") else kwargs


_signatures = {}


def signature_of(kind):
    """The signature of a class's `call`."""
    call = kind.call
    found = _signatures.get(call)
    if found is None:
        found = _signatures[call] = CallSignature(call)
    return found
