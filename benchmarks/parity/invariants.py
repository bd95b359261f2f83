"""What is compared of calls whose results aren't determined, or whose gradients are of another
kind: something that has one value whichever of the right answers a library gives."""


def _triangle(number):
    """The argument's triangle that the call reads: PyTorch's gradient may fill the other one."""

    def prepare(arguments, keywords):
        arguments = list(arguments)
        upper = keywords.get("upper", False)
        arguments[number] = arguments[number].triu() if upper else arguments[number].tril()
        return arguments

    return prepare


def _factor(arguments, keywords):
    """The triangle, with a real diagonal, as factors have: of others PyTorch reads the real
    part."""
    factor, *rest = _triangle(0)(arguments, keywords)
    if factor.is_complex():
        diagonal = factor.diagonal(0, -2, -1)
        factor = factor - (diagonal - diagonal.real).diag_embed()
    return [factor, *rest]


def _hermitian(arguments, keywords):
    """PyTorch's gradient by a complex matrix keeps an imaginary diagonal, which no Hermitian one
    has."""
    matrix, *rest = arguments
    return [(matrix + matrix.mH) / 2 if matrix.is_complex() else matrix, *rest]


def _logarithms(arguments, keywords):
    """PyTorch's gradient is right where the logarithms are of probabilities that sum to 1 only."""
    return [arguments[0].log_softmax(-1), *arguments[1:]]


def _factors(adjoint):
    """Of U, S and V: the signs of U's columns are free if V's have the same ones."""

    def reduce(results):
        u, s, v = results
        vh = v.mH if adjoint else v
        count = s.shape[-1]
        u, vh = u[..., :count], vh[..., :count, :]
        return [s, u @ vh, (u * s.unsqueeze(-2)) @ vh]

    return reduce


def _eigen(results):
    """The phases of eigenvectors are free."""
    values, vectors = results
    return [values, (vectors * values.unsqueeze(-2) ** 3) @ vectors.mH]


def _without_singular_values(results):
    """PyTorch's have no gradient."""
    return [*results[:3], results[3].detach()]


#: name -> the arguments made what the call is about, of (arguments, keywords)
ARGUMENTS = {
    "cholesky_solve": _triangle(1),
    "cholesky": _hermitian,
    "cholesky_ex": _hermitian,
    "cholesky_inverse": _factor,
    "ctc_loss": _logarithms,
}
#: path -> the results made what is determined
RESULTS = {
    "linalg.eigh": _eigen,
    "linalg.lstsq": _without_singular_values,
    "linalg.svd": _factors(adjoint=False),
    "svd": _factors(adjoint=True),
    "Tensor.svd": _factors(adjoint=True),
}


def invariant(function, path):
    """The function of the path, of which all that is compared is determined."""
    prepare = ARGUMENTS.get(path.rpartition(".")[2])
    reduce = RESULTS.get(path)
    if prepare is None and reduce is None:
        return function

    def call(*arguments, **keywords):
        result = function(*(prepare(arguments, keywords) if prepare else arguments), **keywords)
        return reduce(result) if reduce else result

    return call
