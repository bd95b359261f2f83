"""Linear operators: matrices by what is known of them, so that products and systems of equations
cost no more than they have to."""

from .. import _core, _forms
from .._eager import convert
from .._eager.errors import InvalidArgumentError
from .._eager.shapes import TensorShape
from .._eager.tensor import own
from . import linalg

__all__ = ["LinearOperator", "LinearOperatorAdjoint", "LinearOperatorComposition",
           "LinearOperatorDiag", "LinearOperatorFullMatrix", "LinearOperatorIdentity",
           "LinearOperatorInversion", "LinearOperatorLowerTriangular",
           "LinearOperatorScaledIdentity"]


class LinearOperator:
    """A batch of matrices [..., m, n], which subclasses know by less than their elements.

    `is_non_singular`, `is_self_adjoint`, `is_positive_definite`: what the maker says of it; None
    where nothing is said.
    """

    def __init__(self, shape, dtype, is_non_singular=None, is_self_adjoint=None,
                 is_positive_definite=None, is_square=None, name=None):
        self._sizes = tuple(shape)
        self.dtype, self.name = dtype, name or type(self).__name__
        square = self._sizes[-1] == self._sizes[-2]
        if not square and (is_square or is_non_singular or is_positive_definite or is_self_adjoint):
            raise ValueError(f"{self.name}: an operator of shape {list(self._sizes)} isn't square, "
                             "as is_square, is_non_singular, is_self_adjoint or "
                             "is_positive_definite says")
        if is_positive_definite and is_non_singular is False:
            raise ValueError("A positive definite operator is always non-singular.")
        self.is_non_singular = True if is_positive_definite else is_non_singular
        self.is_self_adjoint, self.is_positive_definite = is_self_adjoint, is_positive_definite
        self.is_square = square

    # Sizes.

    @property
    def shape(self):
        """[..., m, n]."""
        return TensorShape(self._sizes)

    @property
    def batch_shape(self):
        """What stands before m and n."""
        return TensorShape(self._sizes[:-2])

    @property
    def tensor_rank(self):
        """How many dims the shape has."""
        return len(self._sizes)

    @property
    def range_dimension(self):
        """m: the length of products with vectors."""
        return self._sizes[-2]

    @property
    def domain_dimension(self):
        """n: the length of vectors that it is multiplied with."""
        return self._sizes[-1]

    def shape_tensor(self, name="shape_tensor"):
        """The sizes as a tensor."""
        return own(_core.tensor_of_data(list(self._sizes), _core.int32))

    # Products.

    def _product(self, x, adjoint):
        return linalg.matmul(self.to_dense(), x, adjoint_a=adjoint)

    def matmul(self, x, adjoint=False, adjoint_arg=False, name="matmul"):
        """A x, or A^H x; x is a batch of matrices, its adjoint with `adjoint_arg`, or an operator,
        with which it is composed."""
        if isinstance(x, LinearOperator):
            left, right = (self.adjoint() if adjoint else self), (x.adjoint() if adjoint_arg else x)
            return LinearOperatorComposition([left, right])
        x = self._fitting(linalg.adjoint(x) if adjoint_arg else x,
                          self.range_dimension if adjoint else self.domain_dimension, "matmul")
        return self._product(x, adjoint)

    __matmul__ = matmul

    def matvec(self, x, adjoint=False, name="matvec"):
        """A x, or A^H x, of a batch of vectors."""
        x = convert.tensor(x, self.dtype)
        return own(_core.squeeze(self.matmul(own(x.unsqueeze(-1)), adjoint), -1))

    def _fitting(self, x, size, call):
        x = convert.tensor(x, self.dtype)
        if x.dim() < 2 or x.shape[-2] != size:
            raise ValueError(f"{self.name}.{call}(): an operator of shape {list(self._sizes)} "
                             f"takes [..., {size}, r], got {list(x.shape)}")
        return x

    # Systems of equations.

    def _solution(self, rhs, adjoint):
        return linalg.solve(self.to_dense(), rhs, adjoint=adjoint)

    def solve(self, rhs, adjoint=False, adjoint_arg=False, name="solve"):
        """X with A X = rhs, or A^H X = rhs."""
        self._check_square("solve")
        if isinstance(rhs, LinearOperator):
            return self.inverse().matmul(rhs, adjoint, adjoint_arg)
        rhs = self._fitting(linalg.adjoint(rhs) if adjoint_arg else rhs, self.range_dimension,
                            "solve")
        return self._solution(rhs, adjoint)

    def solvevec(self, rhs, adjoint=False, name="solve"):
        """x with A x = rhs, of a batch of vectors."""
        rhs = convert.tensor(rhs, self.dtype)
        return own(_core.squeeze(self.solve(own(rhs.unsqueeze(-1)), adjoint), -1))

    def _check_square(self, call):
        if not self.is_square:
            raise ValueError(f"{self.name}.{call}() is of square operators; this one's shape is "
                             f"{list(self._sizes)}")

    def inverse(self, name="inverse"):
        """A^-1, as an operator."""
        self._check_square("inverse")
        return LinearOperatorInversion(self)

    # Numbers of it.

    def to_dense(self, name="to_dense"):
        """The matrices."""
        raise TypeError(f"{type(self).__name__} has no to_dense(); a subclass of LinearOperator "
                        "defines it")

    def add_to_tensor(self, x, name="add_to_tensor"):
        """A + x."""
        return self.to_dense() + convert.tensor(x, self.dtype)

    def diag_part(self, name="diag_part"):
        """The diagonals."""
        return linalg.diag_part(self.to_dense())

    def trace(self, name="trace"):
        """The sums of the diagonals."""
        return own(_core.sum(self.diag_part(), -1))

    def determinant(self, name="det"):
        """The determinants."""
        self._check_square("determinant")
        return linalg.det(self.to_dense())

    def log_abs_determinant(self, name="log_abs_det"):
        """The logarithms of the determinants' sizes."""
        self._check_square("log_abs_determinant")
        return linalg.slogdet(self.to_dense())[1]

    def eigvals(self, name="eigvals"):
        """The eigenvalues of a self-adjoint operator, the least first."""
        if not self.is_self_adjoint:
            raise ValueError(f"{self.name}.eigvals() is of operators with is_self_adjoint=True")
        return linalg.eigvalsh(self.to_dense())

    def cond(self, name="cond"):
        """The largest singular value over the least."""
        values = linalg.svd(self.to_dense(), compute_uv=False)
        return own(_core.select(values, -1, 0) / _core.select(values, -1, values.shape[-1] - 1))

    def cholesky(self, name="cholesky"):
        """The lower triangular operator L with A = L L^H, of a positive definite one."""
        if not (self.is_positive_definite and self.is_self_adjoint):
            raise ValueError(f"{self.name}.cholesky() is of operators with is_self_adjoint=True "
                             "and is_positive_definite=True")
        return LinearOperatorLowerTriangular(linalg.cholesky(self.to_dense()), is_non_singular=True)

    def adjoint(self, name="adjoint"):
        """A^H, as an operator."""
        return self if self.is_self_adjoint else LinearOperatorAdjoint(self)

    H = property(adjoint)

    def assert_non_singular(self, name="assert_non_singular"):
        """Raises InvalidArgumentError where a determinant is 0."""
        if not bool(_core.all(_core.isfinite(self.log_abs_determinant()))):
            raise InvalidArgumentError(f"{self.name}: Singular operator: its determinant is 0.")

    def __repr__(self):
        return f"<{self.name} shape={list(self._sizes)} dtype={self.dtype}>"


class LinearOperatorFullMatrix(LinearOperator):
    """Of all elements [..., m, n]."""

    def __init__(self, matrix, is_non_singular=None, is_self_adjoint=None,
                 is_positive_definite=None, is_square=None, name=None):
        self.matrix = own(convert.tensor(matrix))
        if self.matrix.dim() < 2:
            raise ValueError("LinearOperatorFullMatrix(): a matrix is [..., m, n], got "
                             f"{list(self.matrix.shape)}")
        super().__init__(self.matrix.shape, self.matrix.dtype, is_non_singular, is_self_adjoint,
                         is_positive_definite, is_square, name)

    def to_dense(self, name="to_dense"):
        """The matrices."""
        return self.matrix

    def _solution(self, rhs, adjoint):
        if self.is_self_adjoint and self.is_positive_definite:
            return linalg.cholesky_solve(linalg.cholesky(self.matrix), rhs)
        return super()._solution(rhs, adjoint)


class _Diagonal(LinearOperator):
    """What a diagonal says of its operator; subclasses have `diag_part`."""

    def to_dense(self, name="to_dense"):
        """The matrices."""
        return linalg.diag(self.diag_part())

    def _column(self, adjoint):
        diagonal = self.diag_part()
        return own((diagonal.conj() if adjoint and diagonal.is_complex() else diagonal
                    ).unsqueeze(-1))

    def _product(self, x, adjoint):
        return self._column(adjoint) * x

    def _solution(self, rhs, adjoint):
        return rhs / self._column(adjoint)

    def determinant(self, name="det"):
        """The products of the diagonals."""
        return own(_core.prod(self.diag_part(), -1))

    def log_abs_determinant(self, name="log_abs_det"):
        """The sums of the logarithms of the diagonals' sizes."""
        return own(_core.sum(_core.log(_core.abs(self.diag_part())), -1))

    def inverse(self, name="inverse"):
        """The operator of the reciprocal diagonal."""
        return LinearOperatorDiag(1 / self.diag_part(), self.is_non_singular, self.is_self_adjoint,
                                  self.is_positive_definite)

    def cond(self, name="cond"):
        """The largest size on the diagonal over the least."""
        sizes = _core.abs(self.diag_part())
        return own(_core.amax(sizes, -1) / _core.amin(sizes, -1))


class LinearOperatorDiag(_Diagonal):
    """Of its diagonal [..., n]."""

    def __init__(self, diag, is_non_singular=None, is_self_adjoint=None, is_positive_definite=None,
                 is_square=None, name=None):
        self.diag = own(convert.tensor(diag))
        if self.diag.dim() < 1:
            raise ValueError("LinearOperatorDiag(): a diagonal is [..., n], got a scalar")
        if is_self_adjoint is None and not self.diag.is_complex():
            is_self_adjoint = True
        super().__init__((*self.diag.shape, self.diag.shape[-1]), self.diag.dtype, is_non_singular,
                         is_self_adjoint, is_positive_definite, is_square, name)

    def diag_part(self, name="diag_part"):
        """The diagonals."""
        return self.diag


class LinearOperatorScaledIdentity(_Diagonal):
    """A multiple of the identity: `multiplier` [...] times that of num_rows."""

    def __init__(self, num_rows, multiplier, is_non_singular=None, is_self_adjoint=None,
                 is_positive_definite=None, is_square=True, assert_proper_shapes=False, name=None):
        self.multiplier, rows = own(convert.tensor(multiplier)), int(num_rows)
        if is_self_adjoint is None and not self.multiplier.is_complex():
            is_self_adjoint = True
        super().__init__((*self.multiplier.shape, rows, rows), self.multiplier.dtype,
                         is_non_singular, is_self_adjoint, is_positive_definite, is_square, name)

    def diag_part(self, name="diag_part"):
        """The diagonals."""
        return own(self.multiplier.unsqueeze(-1).expand(self._sizes[:-1]))


class LinearOperatorIdentity(LinearOperatorScaledIdentity):
    """The identity of num_rows, as often as `batch_shape` says."""

    def __init__(self, num_rows, batch_shape=None, dtype=None, is_non_singular=True,
                 is_self_adjoint=True, is_positive_definite=True, is_square=True,
                 assert_proper_shapes=False, name=None):
        dtype = _core.float32 if dtype is None else dtype
        batch = () if batch_shape is None else convert.sizes(batch_shape)
        super().__init__(num_rows, own(_core.ones(batch, dtype=dtype)), is_non_singular,
                         is_self_adjoint, is_positive_definite, is_square, assert_proper_shapes,
                         name)


class LinearOperatorLowerTriangular(LinearOperator):
    """Of the lower triangle of `tril` [..., n, n]; what is above it isn't looked at."""

    def __init__(self, tril, is_non_singular=None, is_self_adjoint=None, is_positive_definite=None,
                 is_square=None, name=None):
        self.tril = own(convert.tensor(tril))
        super().__init__(self.tril.shape, self.tril.dtype, is_non_singular, is_self_adjoint,
                         is_positive_definite, is_square, name)
        self._check_square("__init__")

    def to_dense(self, name="to_dense"):
        """The matrices."""
        return linalg.band_part(self.tril, -1, 0)

    def diag_part(self, name="diag_part"):
        """The diagonals."""
        return linalg.diag_part(self.tril)

    def _solution(self, rhs, adjoint):
        return linalg.triangular_solve(self.tril, rhs, lower=True, adjoint=adjoint)

    determinant, log_abs_determinant = _Diagonal.determinant, _Diagonal.log_abs_determinant


class LinearOperatorAdjoint(LinearOperator):
    """The adjoint of another."""

    def __init__(self, operator, name=None):
        self.operator, sizes = operator, operator.shape.as_list()
        super().__init__((*sizes[:-2], sizes[-1], sizes[-2]), operator.dtype,
                         operator.is_non_singular, operator.is_self_adjoint,
                         operator.is_positive_definite, name=name)

    def to_dense(self, name="to_dense"):
        """The matrices."""
        return linalg.adjoint(self.operator.to_dense())

    def _product(self, x, adjoint):
        return self.operator.matmul(x, not adjoint)

    def _solution(self, rhs, adjoint):
        return self.operator.solve(rhs, not adjoint)

    def log_abs_determinant(self, name="log_abs_det"):
        """The logarithms of the determinants' sizes."""
        return self.operator.log_abs_determinant()


class LinearOperatorInversion(LinearOperator):
    """The inverse of another."""

    def __init__(self, operator, name=None):
        self.operator = operator
        super().__init__(operator.shape.as_list(), operator.dtype, operator.is_non_singular,
                         operator.is_self_adjoint, operator.is_positive_definite, name=name)

    def to_dense(self, name="to_dense"):
        """The matrices."""
        rows = self.range_dimension
        return self.operator.solve(linalg.eye(rows, batch_shape=self._sizes[:-2],
                                              dtype=self.dtype))

    def _product(self, x, adjoint):
        return self.operator.solve(x, adjoint)

    def _solution(self, rhs, adjoint):
        return self.operator.matmul(rhs, adjoint)

    def determinant(self, name="det"):
        """The reciprocal determinants."""
        return 1 / self.operator.determinant()

    def log_abs_determinant(self, name="log_abs_det"):
        """The logarithms of the determinants' sizes."""
        return -self.operator.log_abs_determinant()

    def inverse(self, name="inverse"):
        """The other."""
        return self.operator


class LinearOperatorComposition(LinearOperator):
    """The product of several, the last of which is applied first."""

    def __init__(self, operators, is_non_singular=None, is_self_adjoint=None,
                 is_positive_definite=None, is_square=None, name=None):
        self.operators = list(operators)
        if not self.operators:
            raise ValueError("Expected a non-empty list of operators. Found: []")
        for left, right in zip(self.operators, self.operators[1:]):
            if left.domain_dimension != right.range_dimension or left.dtype is not right.dtype:
                raise ValueError(f"LinearOperatorComposition(): {left!r} doesn't go with {right!r}")
        batch = _forms.broadcast_shapes(*(one.batch_shape.as_list() for one in self.operators))
        if is_non_singular is None and all(one.is_non_singular for one in self.operators):
            is_non_singular = True
        super().__init__((*batch, self.operators[0].range_dimension,
                          self.operators[-1].domain_dimension), self.operators[0].dtype,
                         is_non_singular, is_self_adjoint, is_positive_definite, is_square, name)

    def to_dense(self, name="to_dense"):
        """The matrices."""
        *others, made = self.operators
        made = made.to_dense()
        for one in reversed(others):
            made = one.matmul(made)
        return made

    def _product(self, x, adjoint):
        for one in self.operators if adjoint else reversed(self.operators):
            x = one.matmul(x, adjoint)
        return x

    def _solution(self, rhs, adjoint):
        for one in reversed(self.operators) if adjoint else self.operators:
            rhs = one.solve(rhs, adjoint)
        return rhs

    def _all_square(self):
        return all(one.is_square for one in self.operators)

    def determinant(self, name="det"):
        """The products of the operators' determinants."""
        if not self._all_square():
            return super().determinant()
        made = self.operators[0].determinant()
        for one in self.operators[1:]:
            made = made * one.determinant()
        return made

    def log_abs_determinant(self, name="log_abs_det"):
        """The logarithms of the determinants' sizes."""
        if not self._all_square():
            return super().log_abs_determinant()
        made = self.operators[0].log_abs_determinant()
        for one in self.operators[1:]:
            made = made + one.log_abs_determinant()
        return made
