"""tf.linalg.LinearOperator...: each against its matrix."""

import numpy as np
import pytest

import tenon.tf as tf

NUMBERS = np.random.RandomState(0)
FULL = NUMBERS.randn(2, 3, 3) + 3 * np.eye(3)
OPERATORS = {
    "full": lambda: tf.linalg.LinearOperatorFullMatrix(FULL),
    "positive": lambda: tf.linalg.LinearOperatorFullMatrix(
        FULL @ FULL.swapaxes(1, 2), is_self_adjoint=True, is_positive_definite=True),
    "diag": lambda: tf.linalg.LinearOperatorDiag(NUMBERS.rand(2, 3) + 1),
    "complex": lambda: tf.linalg.LinearOperatorDiag(NUMBERS.rand(3) + 1j),
    "identity": lambda: tf.linalg.LinearOperatorIdentity(3, batch_shape=[2], dtype=tf.float64),
    "scaled": lambda: tf.linalg.LinearOperatorScaledIdentity(3, np.array([2.0, -3.0])),
    "triangle": lambda: tf.linalg.LinearOperatorLowerTriangular(FULL),
    "adjoint": lambda: tf.linalg.LinearOperatorFullMatrix(FULL).adjoint(),
    "inverse": lambda: tf.linalg.LinearOperatorLowerTriangular(FULL).inverse(),
    "product": lambda: (tf.linalg.LinearOperatorDiag([1.0, 2.0, tf.constant(3.0)])
                        @ tf.linalg.LinearOperatorFullMatrix(FULL.astype("float32"))),
}


@pytest.mark.parametrize("name", OPERATORS)
def test_operators_are_their_matrices(name):
    operator = OPERATORS[name]()
    matrix = operator.to_dense().numpy()
    close = dict(rtol=1e-4 if matrix.dtype == np.float32 else 1e-9, atol=1e-5)
    assert operator.shape == matrix.shape and operator.tensor_rank == matrix.ndim
    assert operator.shape_tensor().numpy().tolist() == list(matrix.shape)
    assert operator.is_square and operator.range_dimension == operator.domain_dimension == 3
    x = NUMBERS.randn(3, 4).astype(matrix.dtype)
    turned = matrix.conj().swapaxes(-1, -2)
    for given, adjoint in ((matrix, False), (turned, True)):
        np.testing.assert_allclose(operator.matmul(x, adjoint).numpy(), given @ x, **close)
        np.testing.assert_allclose(operator.matvec(x[:, 0], adjoint).numpy(), given @ x[:, 0],
                                   **close)
        wide = np.broadcast_to(x, (*matrix.shape[:-2], 3, 4))
        np.testing.assert_allclose(operator.solve(wide, adjoint).numpy(),
                                   np.linalg.solve(given, wide), **close)
    np.testing.assert_allclose(operator.matmul(x.T, adjoint_arg=True).numpy(),
                               matrix @ x.conj(), **close)
    np.testing.assert_allclose(operator.determinant().numpy(), np.linalg.det(matrix), **close)
    np.testing.assert_allclose(operator.log_abs_determinant().numpy(),
                               np.log(np.abs(np.linalg.det(matrix))), **close)
    np.testing.assert_allclose(operator.trace().numpy(),
                               np.trace(matrix, axis1=-2, axis2=-1), **close)
    np.testing.assert_allclose(operator.inverse().to_dense().numpy(), np.linalg.inv(matrix),
                               **close)
    np.testing.assert_allclose(operator.adjoint().to_dense().numpy(), turned, **close)
    np.testing.assert_allclose((operator @ operator).to_dense().numpy(), matrix @ matrix, **close)
    np.testing.assert_allclose(operator.cond().numpy(), np.linalg.cond(matrix), rtol=1e-3)
    np.testing.assert_allclose(operator.add_to_tensor(matrix).numpy(), 2 * matrix, **close)
    operator.assert_non_singular()


def test_what_is_of_symmetric_operators():
    operator = OPERATORS["positive"]()
    matrix = operator.to_dense().numpy()
    np.testing.assert_allclose(operator.cholesky().to_dense().numpy(), np.linalg.cholesky(matrix),
                               rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(operator.eigvals().numpy(), np.linalg.eigvalsh(matrix), rtol=1e-9)
    for call in (OPERATORS["full"]().cholesky, OPERATORS["full"]().eigvals):
        with pytest.raises(ValueError, match="is_self_adjoint=True"):
            call()


def test_gradients_pass_through():
    diagonal = tf.Variable([1.0, 2.0])
    with tf.GradientTape() as tape:
        operator = tf.linalg.LinearOperatorDiag(diagonal)
        y = operator.log_abs_determinant() + tf.reduce_sum(operator.matvec([3.0, 4.0]))
    assert tape.gradient(y, diagonal).numpy().tolist() == [4.0, 4.5]


def test_mistakes():
    wide = tf.linalg.LinearOperatorFullMatrix([[1.0, 2.0]])
    for call, text in ((lambda: wide.solve([[1.0]]), r"square operators; .* \[1, 2\]"),
                       (lambda: wide.matmul(tf.ones([3, 1])), r"takes \[..., 2, r\], got \[3, 1\]"),
                       (lambda: wide @ wide, "doesn't go with"),
                       (lambda: tf.linalg.LinearOperatorFullMatrix([1.0]), r"\[..., m, n\]"),
                       (lambda: tf.linalg.LinearOperatorFullMatrix([[1.0, 2.0]], is_square=True),
                        "isn't square"),
                       (lambda: tf.linalg.LinearOperatorComposition([]), "non-empty")):
        with pytest.raises(ValueError, match=text):
            call()
    with pytest.raises(tf.errors.InvalidArgumentError, match="Singular"):
        tf.linalg.LinearOperatorDiag([1.0, 0.0]).assert_non_singular()
