"""InputSpec: what a layer demands of its inputs."""

from . import _tree


class InputSpec:
    """The number of dims, the sizes of some axes, and so on, that an input must have; None: any."""

    def __init__(self, dtype=None, shape=None, ndim=None, max_ndim=None, min_ndim=None, axes=None,
                 allow_last_axis_squeeze=False, name=None, optional=False):
        self.dtype = dtype
        self.shape = None if shape is None else tuple(shape)
        self.ndim = ndim if shape is None else len(self.shape)
        self.max_ndim, self.min_ndim = max_ndim, min_ndim
        self.axes = {int(axis): size for axis, size in (axes or {}).items()}
        self.allow_last_axis_squeeze = allow_last_axis_squeeze
        self.name, self.optional = name, optional

    def get_config(self):
        return {"dtype": self.dtype, "shape": self.shape, "ndim": self.ndim,
                "max_ndim": self.max_ndim, "min_ndim": self.min_ndim, "axes": self.axes}

    @classmethod
    def from_config(cls, config):
        return cls(**config)

    def _fault(self, shape):
        """What is wrong with an input of this shape; None where nothing is."""
        ndim = len(shape)
        if self.ndim is not None and ndim != self.ndim:
            return f"expected ndim={self.ndim}, found ndim={ndim}"
        if self.max_ndim is not None and ndim > self.max_ndim:
            return f"expected max_ndim={self.max_ndim}, found ndim={ndim}"
        if self.min_ndim is not None and ndim < self.min_ndim:
            return f"expected min_ndim={self.min_ndim}, found ndim={ndim}"
        for axis, size in self.axes.items():
            if size is not None and -ndim <= axis < ndim and shape[axis] not in (size, None):
                return f"expected axis {axis} of input shape to have value {size}"
        for have, want in zip(shape, self.shape or ()):
            if want is not None and have not in (want, None):
                return f"expected shape={self.shape}"
        return None


def check_inputs(specs, inputs, layer):
    """An error that names the layer, what it demands and what came, where an input doesn't fit."""
    if isinstance(specs, InputSpec):
        if hasattr(inputs, "shape"):
            _check(specs, inputs, 0, layer)
            return
        specs = [specs]
    values, specs = _tree.flatten(inputs), _tree.flatten(specs)
    given = [value for value in values if value is not None]
    if not sum(not spec.optional for spec in specs) <= len(given) <= len(values) <= len(specs):
        raise ValueError(f'Layer "{layer.name}" expects {len(specs)} input(s), but it received '
                         f"{len(values)} input tensors")
    for i, (spec, value) in enumerate(zip(specs, values)):
        if value is not None and hasattr(value, "shape"):
            _check(spec, value, i, layer)


def _check(spec, value, number, layer):
    shape = tuple(value.shape)
    fault = spec._fault(shape)
    if fault and spec.allow_last_axis_squeeze and shape[-1:] == (1,):
        fault = spec._fault(shape[:-1])
    if fault:
        raise ValueError(f'Input {number} of layer "{layer.name}" ({type(layer).__name__}) is '
                         f"incompatible with the layer: {fault}, but received input with shape "
                         f"{shape}")
