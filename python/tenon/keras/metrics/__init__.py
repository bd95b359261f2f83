"""Metrics: what training and evaluation report, streaming over batches."""

from ..losses import (binary_crossentropy, binary_focal_crossentropy, categorical_crossentropy,
                      categorical_focal_crossentropy, categorical_hinge, hinge, huber,
                      kl_divergence, log_cosh, mean_absolute_error, mean_absolute_percentage_error,
                      mean_squared_error, mean_squared_logarithmic_error, poisson,
                      sparse_categorical_crossentropy, squared_hinge)
from ._accuracy import (Accuracy, BinaryAccuracy, CategoricalAccuracy, SparseCategoricalAccuracy,
                        SparseTopKCategoricalAccuracy, TopKCategoricalAccuracy, binary_accuracy,
                        categorical_accuracy, sparse_categorical_accuracy,
                        sparse_top_k_categorical_accuracy, top_k_categorical_accuracy)
from ._base import Mean, MeanMetricWrapper, Metric, Sum
from ._base import registry as _registry
from ._confusion import (AUC, FalseNegatives, FalsePositives, Precision, PrecisionAtRecall, Recall,
                         RecallAtPrecision, SensitivityAtSpecificity, SpecificityAtSensitivity,
                         TrueNegatives, TruePositives)
from ._means import (BinaryCrossentropy, CategoricalCrossentropy, CategoricalHinge,
                     ConcordanceCorrelation, CosineSimilarity, Hinge, KLDivergence, LogCoshError,
                     MeanAbsoluteError, MeanAbsolutePercentageError, MeanSquaredError,
                     MeanSquaredLogarithmicError, MeanTensor, PearsonCorrelation, Poisson, R2Score,
                     RootMeanSquaredError, SparseCategoricalCrossentropy, SquaredHinge,
                     concordance_correlation, cosine_similarity, pearson_correlation)
from ._overlaps import BinaryIoU, F1Score, FBetaScore, IoU, MeanIoU, OneHotIoU, OneHotMeanIoU

# Keras's older and short names.
mse = MSE = mean_squared_error
mae = MAE = mean_absolute_error
mape = MAPE = mean_absolute_percentage_error
msle = MSLE = mean_squared_logarithmic_error
kld = KLD = kullback_leibler_divergence = kl_divergence
bce = BCE = binary_crossentropy
logcosh = log_cosh

for _class, _aliases in {
        Mean: (), Sum: (), MeanTensor: (), MeanMetricWrapper: (), Accuracy: (),
        BinaryAccuracy: (), CategoricalAccuracy: (), SparseCategoricalAccuracy: (),
        TopKCategoricalAccuracy: (), SparseTopKCategoricalAccuracy: (),
        MeanSquaredError: ("mse", "MSE"), MeanAbsoluteError: ("mae", "MAE"),
        MeanAbsolutePercentageError: ("mape", "MAPE"),
        MeanSquaredLogarithmicError: ("msle", "MSLE"), RootMeanSquaredError: ("rmse", "RMSE"),
        CosineSimilarity: (), LogCoshError: ("logcosh", "log_cosh"), R2Score: (),
        PearsonCorrelation: (), ConcordanceCorrelation: (), Hinge: (), SquaredHinge: (),
        CategoricalHinge: (),
        KLDivergence: ("kld", "KLD"), Poisson: (), BinaryCrossentropy: ("bce", "BCE"),
        CategoricalCrossentropy: (), SparseCategoricalCrossentropy: (), TruePositives: (),
        FalsePositives: (), TrueNegatives: (), FalseNegatives: (), Precision: (), Recall: (),
        PrecisionAtRecall: (), RecallAtPrecision: (), SensitivityAtSpecificity: (),
        SpecificityAtSensitivity: (), AUC: (), F1Score: (), FBetaScore: (), IoU: (), MeanIoU: (),
        OneHotIoU: (), OneHotMeanIoU: (), BinaryIoU: ()}.items():
    _registry.register(_class, *_aliases)

get, serialize, deserialize = _registry.get, _registry.serialize, _registry.deserialize
