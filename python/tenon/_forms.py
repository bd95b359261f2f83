"""More ops that PyTorch calls in several ways: by number or word or tensor, with tensors one by
one, or with results that depend on what is asked for."""

import builtins

from . import _core, _functions, _sampling

Tensor = _core.Tensor


def _flat(tensors):
    """Tensors given one by one, or as one list."""
    return tensors[0] if len(tensors) == 1 and isinstance(tensors[0], (list, tuple)) else tensors


def einsum(equation, *operands):
    """Products summed over the indices that the result of the equation lacks."""
    return _core.einsum(equation, _flat(operands))


def tensordot(a, b, dims=2, *, out=None):
    """Sums of products over the last `dims` dims of `a` and the first of `b`, or over those of two
    lists."""
    if isinstance(dims, Tensor):
        dims = dims.tolist()
    if isinstance(dims, int):
        dims = range(a.dim() - dims, a.dim()), range(dims)
    result = _core.tensordot(a, b, *([d] if isinstance(d, int) else list(d) for d in dims))
    return _functions._into(out, result)


def meshgrid(*tensors, indexing="ij"):
    """The coordinates of a grid, a tensor a vector."""
    return _core.meshgrid(_flat(tensors), indexing)


def cartesian_prod(*tensors):
    """All ways to take one element of each vector, a row each."""
    return _core.cartesian_prod(_flat(tensors))


def block_diag(*tensors):
    """A matrix with the given ones along its diagonal."""
    return _core.block_diag(_flat(tensors))


def broadcast_tensors(*tensors):
    """The tensors expanded to the sizes that all of them broadcast to."""
    return _core.broadcast_tensors(_flat(tensors))


def broadcast_shapes(*shapes):
    """The sizes that tensors of these sizes broadcast to."""
    sizes = [(shape,) if isinstance(shape, int) else shape for shape in shapes]
    tensors = _core.broadcast_tensors([_core.empty(size, device="meta") for size in sizes])
    return tensors[0].shape if tensors else _core.empty(()).shape


def _each(op):
    def each(*tensors):
        given = _flat(tensors)
        return op(given[0]) if given is tensors and len(given) == 1 else tuple(map(op, given))

    each.__name__, each.__doc__ = op.__name__, op.__doc__
    return each


atleast_1d, atleast_2d, atleast_3d = map(_each, (_core.atleast_1d, _core.atleast_2d,
                                                 _core.atleast_3d))


def median(input, dim=None, keepdim=False, *, out=None):
    """The median of all elements; with a dim, (values, indices) along it."""
    return _functions._into(out, _core.median(input) if dim is None
                            else _core.median_dim(input, dim, keepdim))


def nanmedian(input, dim=None, keepdim=False, *, out=None):
    """As `median`, of what is not NaN."""
    return _functions._into(out, _core.nanmedian(input) if dim is None
                            else _core.nanmedian_dim(input, dim, keepdim))


def equal(input, other):
    """Whether both have the same sizes and elements."""
    return bool(_core.equal(input, other))


def allclose(input, other, rtol=1e-05, atol=1e-08, equal_nan=False):
    """Whether all elements are close, after `isclose`."""
    return bool(_core.allclose(input, other, rtol, atol, equal_nan))


def repeat_interleave(input, repeats=None, dim=None, *, output_size=None):
    """Each slice along a dim `repeats` times in a row, a number or a tensor with one for each; of
    one tensor alone, number i input[i] times."""
    if repeats is None:
        input, repeats, dim = _core.arange(0, input.numel(), 1), input, 0
    if isinstance(repeats, (list, tuple)):
        repeats = _core.tensor_of_data(repeats, None)
    if isinstance(repeats, Tensor):
        return _core.repeat_interleave_by(input, repeats, dim, output_size)
    return _core.repeat_interleave(input, repeats, dim)


def _asked_for(results, *asked):
    wanted = [results[0], *(part for part, is_asked in zip(results[1:], asked) if is_asked)]
    return wanted[0] if len(wanted) == 1 else tuple(wanted)


def unique(input, sorted=True, return_inverse=False, return_counts=False, dim=None):
    """The different elements, or slices along a dim, in order; and what else is asked for."""
    if dim is None:
        results = _core.unique(input, sorted, return_inverse, return_counts)
    else:
        results = _core.unique_dim(input, dim, return_inverse, return_counts)
    return _asked_for(results, return_inverse, return_counts)


def unique_consecutive(input, return_inverse=False, return_counts=False):
    """One of each run of equal elements; and what else is asked for."""
    results = _core.unique_consecutive(input, return_inverse, return_counts)
    return _asked_for(results, return_inverse, return_counts)


def tensor_split(input, indices_or_sections, dim=0):
    """Views along a dim: so many, or cut at the given places."""
    if isinstance(indices_or_sections, Tensor):
        indices_or_sections = indices_or_sections.tolist()
    if isinstance(indices_or_sections, int):
        return _core.tensor_split(input, indices_or_sections, dim)
    return _core.tensor_split_at(input, indices_or_sections, dim)


def hsplit(input, indices_or_sections):
    """`tensor_split` along dim 1; of a vector along dim 0."""
    return tensor_split(input, indices_or_sections, 0 if input.dim() == 1 else 1)


def vsplit(input, indices_or_sections):
    """`tensor_split` along dim 0."""
    return tensor_split(input, indices_or_sections, 0)


def dsplit(input, indices_or_sections):
    """`tensor_split` along dim 2."""
    return tensor_split(input, indices_or_sections, 2)


def clamp(input, min=None, max=None, *, out=None):
    """Each element limited to [min, max], numbers or tensors."""
    if not isinstance(min, Tensor) and not isinstance(max, Tensor):
        return _functions._into(out, _core.clamp(input, min, max))
    limited = input if min is None else _core.clamp_min(input, min)
    return _functions._into(out, limited if max is None else _core.clamp_max(limited, max))


def _truncated_quotient(input, other, dtype):
    """trunc(input / other) with gradients of 0, as floor_divide has them: through the quotient they
    would be NaN where that is infinite."""
    parts = [x.detach() if isinstance(x, Tensor) else x for x in (input, other)]
    if dtype in (_core.float16, _core.bfloat16):  # rounded after, not before, the fraction goes
        parts = [x.float() if isinstance(x, Tensor) else x for x in parts]
    quotient = _core.trunc(_core.div(*parts)).to(dtype)
    if not _core.is_grad_enabled() or not any(isinstance(x, Tensor) and x.requires_grad
                                              for x in (input, other)):
        return quotient
    everywhere = _core.ones_like(quotient, dtype=_core.bool)
    return _core.where(everywhere, quotient, _core.floor_divide(input, other))


def _rounded_quotient(input, other, *, rounding_mode):
    """input / other, rounded with 'floor' down, with 'trunc' towards zero."""
    if rounding_mode is None:
        return _core.div(input, other)
    if rounding_mode == "floor":
        return _core.floor_divide(input, other)
    if rounding_mode != "trunc":
        raise _core.ValueError(f"[div] expected rounding_mode None, 'floor' or 'trunc', got "
                               f"{rounding_mode!r}")
    dtype = _core.result_type(input, other)
    if dtype.is_floating_point:
        return _truncated_quotient(input, other, dtype)
    # The remainder has the sign of `input`: without it the quotient is whole.
    return _core.floor_divide(input - _core.fmod(input, other), other)


def _rounded(input, *, decimals):
    """To so many decimals; ties to even."""
    if decimals == 0:
        return _core.round(input)
    scale = 10.0 ** abs(decimals)
    return (_core.round(input * scale) / scale
            if decimals > 0 else _core.round(input / scale) * scale)


def norm(input, p="fro", dim=None, keepdim=False, dtype=None, out=None):
    """The p-norm of all elements as one vector, or over dims; 'fro' is 2."""
    if dtype is not None:
        input = input.to(dtype)
    order = 2 if p is None or p == "fro" else float(p)
    return _functions._into(out, _core.norm(input, order, dim, keepdim))


def dist(input, other, p=2):
    """The p-norm of the difference."""
    return _core.norm(input - other, float(p))


def _take(keyword, form, *ops):
    """Calls of these ops with this keyword, which only PyTorch's callers name, go to `form`."""
    for op in ops:
        op.extra_keyword, op.keyword_form = keyword, form


def _with_dtype(op):
    """The form of an op that computes, and gives its result, in the dtype asked for."""

    def of_dtype(input, *arguments, dtype, **keywords):
        if dtype is None:
            return op(input, *arguments, **keywords)
        # Small integers are summed and multiplied in int64, whose low bits are theirs.
        return op(input.to(dtype), *arguments, **keywords).to(dtype)

    return of_dtype


def _with_floating_dtype(op):
    """The form of an op whose results are fractions."""
    of_dtype = _with_dtype(op)

    def of_floating(input, *arguments, dtype, **keywords):
        if dtype is not None and not (dtype.is_floating_point or dtype.is_complex):
            raise _core.DTypeError(f"[{op.__name__}] expected a floating or complex dtype=, got "
                                   f"{dtype}")
        return of_dtype(input, *arguments, dtype=dtype, **keywords)

    return of_floating


for _names, _form in {"cumsum cumprod prod": _with_dtype,
                      "softmax log_softmax mean nanmean": _with_floating_dtype}.items():
    for _name in _names.split():
        for _op in getattr(_core, _name), getattr(Tensor, _name):
            _take("dtype", _form(_op), _op)
_take("rounding_mode", _rounded_quotient, _core.div, Tensor.div)
_take("decimals", _rounded, _core.round, Tensor.round)


def var_mean(input, dim=None, unbiased=True, keepdim=False, *, correction=None):
    """Variance and mean; see `var`."""
    return _core.var_mean(input, dim, _functions._correction(unbiased, correction), keepdim)


def std_mean(input, dim=None, unbiased=True, keepdim=False, *, correction=None):
    """Standard deviation and mean; see `std`."""
    return _core.std_mean(input, dim, _functions._correction(unbiased, correction), keepdim)


def _nonzero(input, *, as_tuple):
    """The places of the elements that are not 0: a row each, or with `as_tuple` a tensor a dim."""
    places = _core.nonzero(input)
    return _core.unbind(places, 1) if as_tuple else places


_take("as_tuple", _nonzero, _core.nonzero, Tensor.nonzero)


def argwhere(input):
    """The places of the elements that are not 0, a row each."""
    return _core.nonzero(input)


def _scatter(plain, add, combine):
    def scatter(input, dim, index, src=None, *, value=None, reduce=None):
        source = value if src is None else src
        if reduce is None:
            return plain(input, dim, index, source)
        if not isinstance(source, Tensor):
            source = _core.full(index.shape, source, dtype=input.dtype)
        if reduce == "add":
            return add(input, dim, index, source)
        return combine(input, dim, index, source, "prod" if reduce == "multiply" else reduce)

    scatter.__doc__ = plain.__doc__
    return scatter


scatter = _scatter(_core.scatter, _core.scatter_add, _core.scatter_reduce)


def _index_add(plain):
    def index_add(input, dim, index, source, *, alpha=1):
        return plain(input, dim, index, _functions._scaled(input, source, alpha))

    index_add.__doc__ = plain.__doc__
    return index_add


index_add = _index_add(_core.index_add)


def float_power(input, exponent, *, out=None):
    """input ** exponent in float64, or complex128."""
    as_double = [(x.cdouble() if x.is_complex() else x.double()) if isinstance(x, Tensor) else x
                 for x in (input, exponent)]
    return _functions._into(out, _core.pow(*as_double))


def vdot(input, other):
    """The dot product of vectors, the first conjugated."""
    return _core.dot(input.conj() if input.is_complex() else input, other)


def positive(input):
    """The tensor itself; a TypeError of bool."""
    if input.dtype == _core.bool:
        raise TypeError("positive() takes numbers, not tensors of bool")
    return input


def resolve_conj(input):
    """The tensor itself: conjugates are copies, whose elements are what they read as."""
    return input


def ravel(input):
    """All elements as one vector: a view of what is row-major, else a copy."""
    return _core.view(_core.contiguous(input), (-1,))


def stft(input, n_fft, hop_length=None, win_length=None, window=None, center=True,
         pad_mode="reflect", normalized=False, onesided=None, return_complex=None):
    """The Fourier transforms of the windowed frames of a signal; as pairs of real numbers with
    return_complex=False. Half of the frequencies by default, of complex signals all."""
    onesided = not input.is_complex() if onesided is None else onesided
    spectra = _core.stft(input, n_fft, hop_length, win_length, window, center, pad_mode, normalized,
                         onesided)
    return _core.view_as_real(spectra) if return_complex is False else spectra


def istft(input, n_fft, hop_length=None, win_length=None, window=None, center=True,
          normalized=False, onesided=None, length=None, return_complex=False):
    """The signal of which `stft` made these spectra; a complex one with return_complex=True, of all
    frequencies."""
    onesided = input.shape[-2] != n_fft if onesided is None else onesided
    return _core.istft(input, n_fft, hop_length, win_length, window, center, normalized, onesided,
                       length, return_complex)


def rsub(input, other, *, alpha=1):
    """other - alpha input."""
    return other - _functions._scaled(other, input, alpha)


def msort(input):
    """Sorted along dim 0."""
    return _core.sort(input, 0)[0]


def vander(x, N=None, increasing=False):
    """The powers of a vector's elements, a row each."""
    count = x.shape[0] if N is None else N
    powers = _core.arange(0, count, 1)
    return x.unsqueeze(1) ** (powers if increasing else powers.flip(0))


def unravel_index(indices, shape):
    """Places in a tensor of these sizes as indices, a tensor a dim."""
    places = []
    for size in reversed((shape,) if isinstance(shape, int) else shape):
        places.insert(0, indices % size)
        indices = _core.floor_divide(indices, size)
    return tuple(places)


def poisson(input, generator=None):
    """Numbers of Poisson distributions of these rates."""
    if bool((input < 0).any()):
        raise _core.ValueError("[poisson] rates are 0 or above")
    return _sampling.poisson(input, generator)


def binomial(count, prob, generator=None):
    """Successes among `count` trials of the probability `prob`, tensors of the same sizes."""
    if count.shape != prob.shape:
        raise _core.ShapeError(f"[binomial] count has sizes {tuple(count.shape)}, prob "
                               f"{tuple(prob.shape)}; they must be the same")
    return _sampling.binomial(count, prob, generator)


def svd_lowrank(A, q=6, niter=2, M=None):
    """(U, S, V) with A - M about U diag(S) V^T for the `q` largest singular values, by a random
    subspace and `niter` rounds of iteration (Halko et al. 2011, algorithm 5.1)."""
    A = A if M is None else A - M
    columns, rows = A.shape[-1], A.shape[-2]
    q = builtins.min(q, columns, rows)
    basis = A @ _core.randn((*A.shape[:-2], columns, q), dtype=A.dtype)
    for _ in range(niter):
        basis = _core.linalg_qr(A.mT @ _core.linalg_qr(basis, "reduced")[0], "reduced")[0]
        basis = A @ basis
    basis = _core.linalg_qr(basis, "reduced")[0]
    left, values, right = _core.linalg_svd(basis.mT @ A, False)
    return basis @ left, values, right.mT


def pca_lowrank(A, q=None, center=True, niter=2):
    """`svd_lowrank` of A with the mean of its columns taken away."""
    q = builtins.min(6, *A.shape[-2:]) if q is None else q
    return svd_lowrank(A, q, niter, A.mean(-2, True) if center else None)


def qr(input, some=True):
    """linalg.qr with `some` for mode 'reduced'."""
    return _core.linalg_qr(input, "reduced" if some else "complete")


def _filling(op, copying):
    def fill(input, value):
        """`value`, a number or a 0-d tensor, for all elements of `input`'s sizes and dtype."""
        if not isinstance(value, Tensor):
            return op(input, value)
        if value.dim() != 0:
            raise RuntimeError("fill: only a 0-dimension value tensor can be filled in, got one of "
                               f"{value.dim()} dimensions")
        return copying(input, value)

    return fill


fill = _filling(_core.fill, _core.copy)

# PyTorch's other names.
true_divide = divide = _core.div
clip, moveaxis = clamp, _core.movedim
swapaxes = swapdims = _core.transpose
arccos, arcsin, arctan, arctan2 = _core.acos, _core.asin, _core.atan, _core.atan2
arccosh, arcsinh, arctanh = _core.acosh, _core.asinh, _core.atanh
ger, fix, row_stack, absolute = _core.outer, _core.trunc, _core.vstack, _core.abs
trapz = _core.trapezoid

_METHODS = """median nanmedian equal allclose repeat_interleave unique unique_consecutive
tensor_split hsplit vsplit dsplit clamp norm dist argwhere scatter index_add
float_power vdot ravel true_divide divide clip moveaxis swapaxes swapdims ger arccos arcsin arctan
arctan2 arccosh arcsinh arctanh fix absolute stft istft qr positive resolve_conj msort"""


def chain_matmul(*matrices, out=None):
    """The product of two-dim matrices in the order that takes the fewest operations."""
    return _functions._into(out, _core.linalg_multi_dot(matrices))


# Methods that write into the tensor, and those that give it other sizes.


def _clamp_(self, min=None, max=None, *, op=Tensor.clamp_):
    if not isinstance(min, Tensor) and not isinstance(max, Tensor):
        return op(self, min, max)
    if min is not None:
        self.clamp_min_(min)
    return self if max is None else self.clamp_max_(max)


def _rounded_quotient_(self, other, *, rounding_mode):
    if rounding_mode is None:
        return self.div_(other)
    if rounding_mode == "floor":
        return self.floor_divide_(other)
    quotient = _rounded_quotient(self, other, rounding_mode=rounding_mode)
    if not _core.can_cast(quotient.dtype, self.dtype):
        raise _core.DTypeError(f"[div] in place: a result of {quotient.dtype} doesn't fit a tensor "
                               f"of {self.dtype}; use the out-of-place op")
    return self.copy_(quotient)


def _bernoulli_(self, p=0.5, *, generator=None, op=Tensor.bernoulli_):
    if isinstance(p, Tensor):
        return self.copy_(_core.bernoulli(p.expand(self.shape), generator=generator))
    return op(self, p, generator)


def _in_other_sizes(view):
    def change(self, *arguments, **keywords):
        if self.is_leaf and self.requires_grad and _core.is_grad_enabled():
            raise RuntimeError(f"{view.__name__}_: a leaf that requires a gradient can't be "
                               "changed in place while recording; do it under no_grad()")
        _core.take_layout(self, view(self, *arguments, **keywords))
        return self

    return change


def _resize_(self, *size, memory_format=None):
    if self.requires_grad:
        raise RuntimeError("resize_: a tensor that requires a gradient keeps its sizes; resize "
                           "x.data, or a detach() of it")
    sizes = size[0] if len(size) == 1 and not isinstance(size[0], int) else size
    made = _core.empty(sizes, dtype=self.dtype, device=self.device)
    kept = min(made.numel(), self.numel())
    made.view(-1)[:kept] = self.detach().reshape(-1)[:kept]
    self.data = made
    return self


_LOGICAL = "logical_and", "logical_or", "logical_xor", "logical_not"
_OTHER_NAMES_IN_PLACE = {"arccos": "acos", "arccosh": "acosh", "arcsin": "asin", "arcsinh": "asinh",
                         "arctan": "atan", "arctan2": "atan2", "arctanh": "atanh", "fix": "trunc",
                         "negative": "neg", "subtract": "sub"}
_OTHER_NAMES = {"gt": "greater", "ge": "greater_equal", "lt": "less", "le": "less_equal",
                "ne": "not_equal"}


def _overwriting(op):
    """The op, whose result is written into the tensor as numbers of its dtype."""

    def change(self, *arguments):
        return self.copy_(op(self, *arguments))

    change.__name__ = change.__qualname__ = f"{op.__name__}_"
    change.__doc__ = f"Writes what `{op.__name__}` gives into the tensor."
    return change


def _fill_diagonal_(self, fill_value, wrap=False):
    if wrap and self.dim() == 2:
        rows, columns = self.shape
        for first in range(0, rows, columns + 1):  # a row is left out between two diagonals
            self[first:first + columns].diagonal().fill_(fill_value)
    elif self.dim() <= 2:
        self.diagonal().fill_(fill_value)
    elif len(set(self.shape)) > 1:
        raise RuntimeError("fill_diagonal_: a tensor of more than two dims must be as long in "
                           f"each, got sizes {list(self.shape)}")
    else:
        places = (_core.arange(0, self.shape[0], 1),) * self.dim()
        self[places] = fill_value
    return self


def _index_put_(self, indices, values, accumulate=False):
    if not accumulate:
        self[tuple(indices)] = values
        return self
    places = _core.arange(0, self.numel(), 1).view(self.shape)[tuple(indices)]
    return self.put_(places, values.expand(places.shape), True)


def _index_put(self, indices, values, accumulate=False):
    return _index_put_(self.clone(), indices, values, accumulate)


def _apply_(self, callable):
    made = [callable(value) for value in self.reshape(-1).tolist()]
    return self.copy_(_core.tensor_of_data(made, self.dtype).view(self.shape))


def add_methods():
    """Gives Tensor what is a method, too, and what only is one."""
    for name in _METHODS.split():
        setattr(Tensor, name, globals()[name])
    Tensor.clamp_ = Tensor.clip_ = _clamp_
    Tensor.fill_ = _filling(Tensor.fill_, Tensor.copy_)
    Tensor.divide_ = Tensor.true_divide_ = Tensor.div_
    _take("rounding_mode", _rounded_quotient_, Tensor.div_)
    Tensor.bernoulli_, Tensor.resize_, Tensor.apply_ = _bernoulli_, _resize_, _apply_
    Tensor.resize = _resize_
    Tensor.scatter_ = _scatter(Tensor.scatter_, Tensor.scatter_add_, Tensor.scatter_reduce_)
    Tensor.index_add_ = _index_add(Tensor.index_add_)
    Tensor.fill_diagonal_ = _fill_diagonal_
    Tensor.index_put_, Tensor.index_put = _index_put_, _index_put
    Tensor.absolute_, Tensor.multiply, Tensor.multiply_ = Tensor.abs_, Tensor.mul, Tensor.mul_
    Tensor.conj_physical, Tensor.resolve_neg = lambda self: self.conj(), resolve_conj
    Tensor.is_conj = Tensor.is_neg = lambda self: False
    Tensor.subtract, Tensor.negative = Tensor.sub, Tensor.neg
    for name in ("squeeze", "unsqueeze", "transpose", "t", "swapaxes", "swapdims"):
        setattr(Tensor, f"{name}_", _in_other_sizes(getattr(Tensor, name)))
    for name in "gt", "ge", "lt", "le", "eq", "ne", *_LOGICAL:
        setattr(Tensor, f"{name}_", _overwriting(getattr(_core, name)))
    for name, other in _OTHER_NAMES.items():
        setattr(Tensor, other, getattr(Tensor, name))
        setattr(Tensor, f"{other}_", getattr(Tensor, f"{name}_"))
    for name, other in _OTHER_NAMES_IN_PLACE.items():
        setattr(Tensor, f"{name}_", getattr(Tensor, f"{other}_"))
    Tensor.is_nonzero, Tensor.is_same_size = _functions.is_nonzero, _functions.is_same_size
    Tensor.H = property(lambda self: self.mT.conj() if self.is_complex() else self.mT,
                        doc="The conjugate transpose of a matrix.")
    Tensor.mH = Tensor.H
