"""Losses: functions that give one value a sample, and classes that reduce them to one."""

from .._style import styled as _styled
from . import _functions
from ._classes import (CTC, BinaryCrossentropy, BinaryFocalCrossentropy, CategoricalCrossentropy,
                       CategoricalFocalCrossentropy, CategoricalGeneralizedCrossEntropy,
                       CategoricalHinge, Circle, CosineSimilarity, Dice, Hinge, Huber, KLDivergence,
                       LogCosh, Loss, LossFunctionWrapper, MeanAbsoluteError,
                       MeanAbsolutePercentageError, MeanSquaredError, MeanSquaredLogarithmicError,
                       Poisson, SparseCategoricalCrossentropy, SquaredHinge, Tversky)
from ._classes import registry as _registry
from ._reduction import Reduction

(binary_crossentropy, binary_focal_crossentropy, categorical_crossentropy,
 categorical_focal_crossentropy, categorical_generalized_cross_entropy, categorical_hinge, circle,
 cosine_similarity, ctc, dice, hinge, huber, kl_divergence, log_cosh, mean_absolute_error,
 mean_absolute_percentage_error, mean_squared_error, mean_squared_logarithmic_error, poisson,
 sparse_categorical_crossentropy, squared_hinge, tversky) = (
    _styled(getattr(_functions, _name)) for _name in (
        "binary_crossentropy", "binary_focal_crossentropy", "categorical_crossentropy",
        "categorical_focal_crossentropy", "categorical_generalized_cross_entropy",
        "categorical_hinge", "circle", "cosine_similarity", "ctc", "dice", "hinge", "huber",
        "kl_divergence", "log_cosh", "mean_absolute_error", "mean_absolute_percentage_error",
        "mean_squared_error", "mean_squared_logarithmic_error", "poisson",
        "sparse_categorical_crossentropy", "squared_hinge", "tversky"))

# Keras's older and short names.
mse = MSE = mean_squared_error
mae = MAE = mean_absolute_error
mape = MAPE = mean_absolute_percentage_error
msle = MSLE = mean_squared_logarithmic_error
kld = KLD = kullback_leibler_divergence = kl_divergence
bce = BCE = binary_crossentropy
logcosh = log_cosh

for _class in (LossFunctionWrapper, MeanSquaredError, MeanAbsoluteError,
               MeanAbsolutePercentageError, MeanSquaredLogarithmicError, CosineSimilarity, Huber,
               LogCosh, KLDivergence, Poisson, Hinge, SquaredHinge, CategoricalHinge,
               BinaryCrossentropy, BinaryFocalCrossentropy, CategoricalCrossentropy,
               CategoricalFocalCrossentropy, SparseCategoricalCrossentropy, CTC, Dice, Tversky,
               Circle, CategoricalGeneralizedCrossEntropy):
    _registry.register(_class)
for _function, _aliases in {
        mean_squared_error: ("mse", "MSE"), mean_absolute_error: ("mae", "MAE"),
        mean_absolute_percentage_error: ("mape", "MAPE"),
        mean_squared_logarithmic_error: ("msle", "MSLE"), cosine_similarity: (), huber: (),
        log_cosh: ("logcosh",), kl_divergence: ("kld", "KLD", "kullback_leibler_divergence"),
        poisson: (), hinge: (), squared_hinge: (), categorical_hinge: (),
        binary_crossentropy: ("bce", "BCE"), binary_focal_crossentropy: (),
        categorical_crossentropy: (), categorical_focal_crossentropy: (),
        sparse_categorical_crossentropy: (), ctc: (), dice: (), tversky: (), circle: (),
        categorical_generalized_cross_entropy: ()}.items():
    _registry.register(_function, *_aliases)

get, serialize, deserialize = _registry.get, _registry.serialize, _registry.deserialize
