"""Numbers and categories."""

from .... import _core
from ...._eager.hashing import crossed, fingerprint64, siphash
from ...._modes import no_grad
from ..._arrays import as_dtype, as_floats, as_tensor
from .._base import BuiltIn, checked_positive, listed
from ._data import batches_of, ints_tensor, numbers_of, strings_of

MODES = ("int", "one_hot", "multi_hot", "count", "tf_idf")


def checked_mode(layer, mode, modes=MODES):
    """An output mode, of tf.keras's older names, too."""
    mode = {"binary": "multi_hot", "tf-idf": "tf_idf"}.get(mode, mode)
    if mode not in modes:
        raise ValueError(f"{layer}(): output_mode is one of {', '.join(modes)}, not {mode!r}")
    return mode


def encoded(indices, mode, depth, dtype, weights=None):
    """Indices as rows of `depth` numbers: a one at each index's place, of the indices of a row
    together or as counts of them, times weights. Indices outside have no place."""
    if mode == "int":
        return indices
    if indices.dim() == 0:
        indices = indices.unsqueeze(0)
        if mode != "one_hot":
            indices = indices.unsqueeze(0)
    if mode == "one_hot" and indices.dim() > 1 and indices.shape[-1] == 1:
        indices = indices.squeeze(-1)
    places = (indices.unsqueeze(-1) == _core.arange(0, depth, dtype=_core.int64)).to(dtype)
    if mode == "one_hot":
        return places
    if mode == "multi_hot":
        return places.amax(-2)
    if mode == "count" and weights is not None:
        places = places * weights.unsqueeze(-1)
    counts = places.sum(-2)
    return counts if mode == "count" or weights is None else counts * weights


class CategoryEncoding(BuiltIn):
    """Indices below `num_tokens` as "one_hot", "multi_hot" or "count" rows."""

    def __init__(self, num_tokens=None, output_mode="multi_hot", sparse=False, **kwargs):
        super().__init__(**kwargs)
        self.num_tokens = checked_positive("CategoryEncoding", "num_tokens", num_tokens)
        self.output_mode = checked_mode("CategoryEncoding", output_mode, MODES[1:4])
        if sparse:
            raise ValueError("CategoryEncoding(): sparse=True isn't offered; results are dense")
        self.sparse = sparse

    def call(self, inputs, count_weights=None):
        if count_weights is not None and self.output_mode != "count":
            raise ValueError("count_weights goes with output_mode='count', not "
                             f"{self.output_mode!r}")
        return encoded(as_tensor(inputs).to(_core.int64), self.output_mode, self.num_tokens,
                       as_dtype(self.compute_dtype), count_weights)


class Discretization(BuiltIn):
    """The number of the bin of each number: how many boundaries aren't above it. Boundaries are
    given, or learnt by `adapt` such that `num_bins` bins hold as much."""

    def __init__(self, bin_boundaries=None, num_bins=None, epsilon=0.01, output_mode="int",
                 sparse=False, **kwargs):
        super().__init__(**kwargs)
        if (bin_boundaries is None) == (num_bins is None):
            raise ValueError("Discretization() takes bin_boundaries or num_bins, one of the two")
        if sparse:
            raise ValueError("Discretization(): sparse=True isn't offered; results are dense")
        self.bin_boundaries = None if bin_boundaries is None else sorted(map(float, bin_boundaries))
        self.num_bins, self.epsilon, self.sparse = num_bins, epsilon, sparse
        self.output_mode = checked_mode("Discretization", output_mode, MODES[:4])

    def adapt(self, data, steps=None):
        """Learns boundaries at the quantiles of the data."""
        if self.num_bins is None:
            raise ValueError("adapt() of a Discretization that was given its bin_boundaries")
        values = _core.cat([as_floats(batch).reshape(-1)
                            for batch in batches_of(data, steps=steps)]).sort()[0]
        count = values.numel()
        places = [min(count - 1, int(count * i / self.num_bins)) for i in range(1, self.num_bins)]
        self.bin_boundaries = [values[place].item() for place in places]

    def call(self, inputs):
        if self.bin_boundaries is None:
            raise ValueError("Discretization has no boundaries yet; call adapt(data) first")
        boundaries = _core.tensor_of_data(self.bin_boundaries, _core.float32)
        bins = _core.bucketize(as_floats(inputs), boundaries, False, True)
        if self.output_mode == "int":
            return bins.to(_core.int32)
        return encoded(bins, self.output_mode, len(self.bin_boundaries) + 1,
                       as_dtype(self.compute_dtype))

    def get_config(self):
        config = super().get_config()
        # What was learnt is as good as given.
        return {**config, "num_bins": None} if self.bin_boundaries is not None else config


class Hashing(BuiltIn):
    """The bin of a hash of each string or number: the same everywhere and always, and the same as
    Keras's. Of a `mask_value` the bin is 0, and of nothing else."""

    def __init__(self, num_bins, mask_value=None, salt=None, output_mode="int", sparse=False,
                 **kwargs):
        super().__init__(**kwargs)
        self.num_bins = checked_positive("Hashing", "num_bins", num_bins)
        if sparse:
            raise ValueError("Hashing(): sparse=True isn't offered; results are dense")
        self.mask_value, self.sparse = mask_value, sparse
        self.salt = None if salt is None else list(listed(salt, 2, "salt"))
        self.output_mode = checked_mode("Hashing", output_mode, MODES[:4])

    def _bin(self, text):
        if self.mask_value is not None and text == str(self.mask_value):
            return 0
        text = text.encode("utf-8")
        number = fingerprint64(text) if self.salt is None else siphash(self.salt, text)
        if self.mask_value is None:
            return number % self.num_bins
        return 1 + number % (self.num_bins - 1)

    def call(self, inputs):
        texts = strings_of(inputs)
        bins = [self._bin(text) for text in texts.reshape(-1)]
        made = ints_tensor(bins).reshape(texts.shape)
        return encoded(made, self.output_mode, self.num_bins, as_dtype(self.compute_dtype))


class HashedCrossing(BuiltIn):
    """The bin of a hash of what several inputs of strings or whole numbers are together, of shape
    (), (batch,) or (batch, 1): the same everywhere and always, and the same as Keras's."""

    def __init__(self, num_bins, output_mode="int", sparse=False, **kwargs):
        super().__init__(**kwargs)
        self.num_bins = checked_positive("HashedCrossing", "num_bins", num_bins)
        if sparse:
            raise ValueError("HashedCrossing(): sparse=True isn't offered; results are dense")
        self.sparse = sparse
        self.output_mode = checked_mode("HashedCrossing", output_mode, MODES[:2])

    def call(self, inputs):
        if not isinstance(inputs, (list, tuple)) or len(inputs) < 2:
            raise ValueError("`HashedCrossing` should be called on at least two inputs. Received: "
                             f"inputs={inputs}")
        columns = [_features_of(column) for column in inputs]
        shape = columns[0].shape
        if len(shape) > 2 or len(shape) == 2 and shape[1] != 1 or any(
                column.shape != shape for column in columns):
            raise ValueError("All `HashedCrossing` inputs have one shape, (), (batch_size,) or "
                             "(batch_size, 1). Received shapes: "
                             f"{[column.shape for column in columns]}")
        bins = [crossed(features) % self.num_bins
                for features in zip(*(column.reshape(-1) for column in columns))]
        made = ints_tensor(bins).reshape(shape)
        return encoded(made, self.output_mode, self.num_bins, as_dtype(self.compute_dtype))


def _features_of(column):
    """An array of the 64 bits that stand for each string or whole number."""
    import numpy

    values = numbers_of(column)
    if values.dtype.kind in "biu":
        return values.astype(object)
    if values.dtype.kind == "f":
        raise ValueError("All `HashedCrossing` inputs should have an integer or string dtype, not "
                         f"{values.dtype}")
    texts = strings_of(values)
    hashed = [fingerprint64(text.encode("utf-8")) for text in texts.reshape(-1)]
    return numpy.array(hashed, dtype=object).reshape(texts.shape)


class Normalization(BuiltIn):
    """(x - mean) / sqrt(variance), of each place along `axis`: given, or learnt by `adapt`.
    `invert` goes the other way."""

    def __init__(self, axis=-1, mean=None, variance=None, invert=False, **kwargs):
        super().__init__(**kwargs)
        if (mean is None) != (variance is None):
            raise ValueError("Normalization() takes mean and variance, both or none")
        self.axis = () if axis is None else (axis,) if isinstance(axis, int) else tuple(axis)
        self.input_mean, self.input_variance, self.invert = mean, variance, invert
        self.supports_masking = True
        self.__dict__["mean"] = self.__dict__["variance"] = None

    def _config_value(self, name):
        if name in ("mean", "variance"):
            return getattr(self, f"input_{name}")
        return super()._config_value(name)

    def build(self, input_shape):
        rank = len(input_shape)
        kept = sorted(axis % rank for axis in self.axis)
        if any(input_shape[axis] is None for axis in kept):
            raise ValueError(f"Normalization: the sizes of axes {kept} of the input aren't known: "
                             f"{tuple(input_shape)}")
        state = self.__dict__
        state["_reduced"] = tuple(axis for axis in range(rank) if axis not in kept)
        state["_shape"] = [input_shape[axis] if axis in kept else 1 for axis in range(rank)]
        if self.input_mean is None:
            sizes = [input_shape[axis] for axis in kept]
            self.adapt_mean = self.add_weight(sizes, "zeros", name="mean", trainable=False)
            self.adapt_variance = self.add_weight(sizes, "ones", name="variance", trainable=False)
            self.count = self.add_weight((), "zeros", dtype="int32", name="count", trainable=False)
        else:
            dtype = as_dtype(self.compute_dtype)
            state["mean"], state["variance"] = (
                self._spread(as_tensor(value, dtype))
                for value in (self.input_mean, self.input_variance))

    def _spread(self, values):
        """Statistics in the shape that goes with inputs."""
        if values.dim() and values.numel() != 1:
            return values.reshape(self._shape)
        return values.reshape(()).broadcast_to(self._shape)

    def adapt(self, data, batch_size=None, steps=None):
        """Learns mean and variance of all data."""
        if self.input_mean is not None:
            raise ValueError("adapt() of a Normalization that was given its mean and variance")
        count, mean, squares = 0, 0.0, 0.0
        with no_grad():
            for batch in batches_of(data, batch_size, steps):
                x = as_floats(batch).to(_core.float64)
                x = x.unsqueeze(-1) if x.dim() == 1 and self.axis == (-1,) and not self.built else x
                if not self.built:
                    self.build((None, *x.shape[1:]))
                new = x.numel() // max(1, self.adapt_mean.numel())
                batch_mean = x.mean(self._reduced)
                spread = (x - batch_mean.reshape(self._shape)).square().sum(self._reduced)
                change = batch_mean - mean
                total = count + new
                squares = squares + spread + change.square() * (count * new / total)
                mean = mean + change * (new / total)
                count = total
            if not count:
                raise ValueError("adapt() got no data")
            self.adapt_mean.copy_(mean)
            self.adapt_variance.copy_(squares / count)
            self.count.fill_(count)

    def call(self, inputs):
        mean, variance = self.mean, self.variance
        if mean is None:
            mean, variance = self._spread(self.adapt_mean), self._spread(self.adapt_variance)
        root = variance.sqrt().clamp_min(1e-7)
        inputs = as_floats(inputs)
        return inputs * root + mean if self.invert else (inputs - mean) / root

    def compute_output_shape(self, input_shape):
        return input_shape
