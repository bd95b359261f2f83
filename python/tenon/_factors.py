"""LU factors, histograms and the like, in the forms in which PyTorch has them."""

from collections import namedtuple

from . import _core

Tensor = _core.Tensor


def lu(A, *, pivot=True, get_infos=False, out=None):
    """(LU, pivots), and what `linalg.lu_factor_ex` says of each matrix with get_infos."""
    from .linalg import lu_factor, lu_factor_ex  # which few programs need

    results = lu_factor_ex(A, pivot=pivot) if get_infos else lu_factor(A, pivot=pivot)
    if out is None:
        return results
    return tuple(place.copy_(made) for place, made in zip(out, results))


def lu_unpack(LU_data, LU_pivots, unpack_data=True, unpack_pivots=True):
    """P, L and U of what `linalg.lu_factor` gave; an empty tensor in place of what isn't asked
    for."""
    results = _core.lu_unpack(LU_data, LU_pivots)
    P, L, U = results
    none = _core.empty((0,), dtype=LU_data.dtype)
    if not unpack_pivots:
        P = none
    if not unpack_data:
        L = U = none
    return type(results)((P, L, U))


def lu_solve(b, LU_data, LU_pivots):
    """x with A x = b, for the factors of A."""
    return _core.linalg_lu_solve(LU_data, LU_pivots, b)


def histogram(input, bins, *, range=None, weight=None, density=False):
    """How many elements lie between edges, and the edges: `bins` is how many parts there are, or a
    tensor of the edges."""
    if isinstance(bins, Tensor):
        if range is not None:
            raise TypeError("histogram(): a range says where the edges are, and so do bins")
        return _core.histogram_at(input, bins, weight, density)
    return _core.histogram(input, bins, () if range is None else range, weight, density)


Histogramdd = namedtuple("Histogramdd", "hist bin_edges")


def histogramdd(input, bins, *, range=None, weight=None, density=False):
    """How many points, the rows of `input`, lie in each box of a grid, and the edges along each
    dim: `bins` is how many parts there are, or one such number or tensor of edges a dim."""
    if isinstance(bins, int):
        bins = [bins] * input.shape[-1]
    if bins and all(isinstance(edges, Tensor) for edges in bins):
        if range is not None:
            raise TypeError("histogramdd(): a range says where the edges are, and so do bins")
        return Histogramdd(_core.histogramdd_at(input, weight, bins, density), tuple(bins))
    hist, *edges = _core.histogramdd(input, bins, () if range is None else range, weight, density)
    return Histogramdd(hist, tuple(edges))


def gradient(input, *, spacing=1, dim=None, edge_order=1):
    """The derivative along each dim of what `input` holds the values of: at points `spacing` apart,
    one number or one a dim, or at the coordinates that a list of tensors, one a dim, holds."""
    coordinates, steps = [], spacing
    if isinstance(spacing, (int, float)):
        steps = [spacing]
    elif isinstance(spacing, Tensor):
        coordinates, steps = [spacing], []
    elif spacing and isinstance(spacing[0], Tensor):
        coordinates, steps = list(spacing), []
    dims = () if dim is None else dim
    return tuple(_core.gradient(input, coordinates, steps, dims, edge_order))


def orgqr(input, tau):
    """`linalg.householder_product`."""
    return _core.linalg_householder_product(input, tau)


def add_methods():
    """Gives Tensor what is a method, too."""
    Tensor.histogram, Tensor.orgqr = histogram, orgqr
    Tensor.lu = lambda self, pivot=True, get_infos=False: lu(self, pivot=pivot, get_infos=get_infos)
    Tensor.lu_solve = lu_solve


add_methods()
