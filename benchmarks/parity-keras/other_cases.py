"""Losses, metrics, optimizers, schedules, activations, penalties and preprocessing that are held
against
Keras: names and functions that give arrays for a `keras` module."""

import numpy as np

RANDOM = np.random.default_rng(7)
SHARES = RANDOM.uniform(0.05, 1, (6, 4)).astype("f")
SHARES /= SHARES.sum(-1, keepdims=True)
LABELS = RANDOM.integers(0, 4, 6)
ONE_HOT = np.eye(4, dtype="f")[LABELS]
REAL, GUESS = (RANDOM.normal(size=(6, 4)).astype("f") for _ in range(2))
BINARY, CHANCES = (RANDOM.integers(0, 2, (6, 4)).astype("f"),
                   RANDOM.uniform(0, 1, (6, 4)).astype("f"))
NORMED = GUESS / np.linalg.norm(GUESS, axis=-1, keepdims=True)
WEIGHTS = RANDOM.uniform(0.1, 2, 6).astype("f")
POSITIVE = np.abs(REAL) + 0.1

# Of losses: the class, its arguments, labels and predictions.
LOSSES = [
    ("MeanSquaredError", {}, REAL, GUESS), ("MeanAbsoluteError", {}, REAL, GUESS),
    ("MeanAbsolutePercentageError", {}, REAL, GUESS),
    ("MeanSquaredLogarithmicError", {}, POSITIVE, np.abs(GUESS)),
    ("CosineSimilarity", {}, REAL, GUESS), ("CosineSimilarity", {"axis": 0}, REAL, GUESS),
    ("Huber", {}, REAL, GUESS), ("Huber", {"delta": 0.3}, REAL, GUESS),
    ("LogCosh", {}, REAL, GUESS), ("KLDivergence", {}, ONE_HOT * 0.7 + 0.1, SHARES),
    ("Poisson", {}, POSITIVE, CHANCES), ("Hinge", {}, BINARY, GUESS),
    ("SquaredHinge", {}, BINARY, GUESS), ("CategoricalHinge", {}, ONE_HOT, GUESS),
    ("BinaryCrossentropy", {}, BINARY, CHANCES),
    ("BinaryCrossentropy", {"from_logits": True, "label_smoothing": 0.1}, BINARY, GUESS),
    ("BinaryFocalCrossentropy", {"apply_class_balancing": True}, BINARY, CHANCES),
    ("BinaryFocalCrossentropy", {"from_logits": True}, BINARY, GUESS),
    ("CategoricalCrossentropy", {}, ONE_HOT, SHARES),
    ("CategoricalCrossentropy", {"from_logits": True, "label_smoothing": 0.2}, ONE_HOT, GUESS),
    ("CategoricalFocalCrossentropy", {}, ONE_HOT, SHARES),
    ("SparseCategoricalCrossentropy", {}, LABELS, SHARES),
    ("SparseCategoricalCrossentropy", {"from_logits": True}, LABELS, GUESS),
    ("SparseCategoricalCrossentropy", {"ignore_class": 1}, LABELS, SHARES),
    ("Dice", {}, BINARY, CHANCES), ("Tversky", {"alpha": 0.3, "beta": 0.7}, BINARY, CHANCES),
    ("Circle", {}, LABELS, NORMED), ("Circle", {"gamma": 10, "margin": 0.2}, LABELS, NORMED),
    ("CategoricalGeneralizedCrossEntropy", {"q": 0.4}, LABELS, SHARES),
    ("CTC", {}, np.array([[1, 2, 0], [3, 0, 0]]), RANDOM.normal(size=(2, 6, 4)).astype("f"))]
REDUCTIONS = ["sum_over_batch_size", "sum", "none", "mean_with_sample_weight"]

# Of metrics: the class, its arguments, labels and predictions.
METRICS = [
    ("Accuracy", {}, LABELS, np.roll(LABELS, 1)), ("BinaryAccuracy", {"threshold": 0.3}, BINARY,
                                                   CHANCES),
    ("CategoricalAccuracy", {}, ONE_HOT, SHARES), ("SparseCategoricalAccuracy", {}, LABELS, SHARES),
    ("TopKCategoricalAccuracy", {"k": 2}, ONE_HOT, SHARES),
    ("SparseTopKCategoricalAccuracy", {"k": 2}, LABELS, SHARES),
    ("MeanSquaredError", {}, REAL, GUESS), ("RootMeanSquaredError", {}, REAL, GUESS),
    ("MeanAbsoluteError", {}, REAL, GUESS), ("MeanAbsolutePercentageError", {}, REAL, GUESS),
    ("MeanSquaredLogarithmicError", {}, POSITIVE, CHANCES), ("CosineSimilarity", {}, REAL, GUESS),
    ("LogCoshError", {}, REAL, GUESS), ("R2Score", {}, REAL, GUESS),
    ("R2Score", {"class_aggregation": "variance_weighted_average"}, REAL, GUESS),
    ("ConcordanceCorrelation", {}, REAL, GUESS), ("PearsonCorrelation", {}, REAL, GUESS),
    ("KLDivergence", {}, ONE_HOT, SHARES),
    ("Poisson", {}, POSITIVE, CHANCES), ("Hinge", {}, BINARY, GUESS),
    ("SquaredHinge", {}, BINARY, GUESS), ("CategoricalHinge", {}, ONE_HOT, GUESS),
    ("BinaryCrossentropy", {}, BINARY, CHANCES), ("CategoricalCrossentropy", {}, ONE_HOT, SHARES),
    ("SparseCategoricalCrossentropy", {}, LABELS, SHARES)] + [
    (kind, options, BINARY, CHANCES) for kind in ("TruePositives", "FalsePositives",
                                                  "TrueNegatives", "FalseNegatives", "Precision",
                                                  "Recall")
    for options in ({}, {"thresholds": [0.2, 0.7]})] + [
    ("Precision", {"top_k": 2}, BINARY, CHANCES), ("Recall", {"class_id": 1}, BINARY, CHANCES),
    ("PrecisionAtRecall", {"recall": 0.5}, BINARY, CHANCES),
    ("RecallAtPrecision", {"precision": 0.6}, BINARY, CHANCES),
    ("SensitivityAtSpecificity", {"specificity": 0.4}, BINARY, CHANCES),
    ("SpecificityAtSensitivity", {"sensitivity": 0.4}, BINARY, CHANCES),
    ("AUC", {}, BINARY, CHANCES), ("AUC", {"num_thresholds": 7}, BINARY, CHANCES),
    ("AUC", {"curve": "PR"}, BINARY, CHANCES),
    ("AUC", {"curve": "PR", "summation_method": "majoring"}, BINARY, CHANCES),
    ("AUC", {"summation_method": "minoring", "thresholds": [0.1, 0.5, 0.6]}, BINARY, CHANCES),
    ("AUC", {"multi_label": True, "num_labels": 4}, BINARY, CHANCES),
    ("F1Score", {}, ONE_HOT, SHARES), ("F1Score", {"average": "macro"}, ONE_HOT, SHARES),
    ("FBetaScore", {"beta": 2.0, "threshold": 0.3, "average": "weighted"}, BINARY, CHANCES),
    ("MeanIoU", {"num_classes": 4}, LABELS, np.roll(LABELS, 1)),
    ("IoU", {"num_classes": 4, "target_class_ids": [0, 2]}, LABELS, np.roll(LABELS, 1)),
    ("BinaryIoU", {"threshold": 0.4}, BINARY, CHANCES),
    ("OneHotMeanIoU", {"num_classes": 4}, ONE_HOT, SHARES)]
UNWEIGHTED = {"BinaryIoU", "OneHotMeanIoU", "MeanIoU", "IoU", "R2Score"}

OPTIMIZERS = {
    "SGD": [{}, {"momentum": 0.9}, {"momentum": 0.9, "nesterov": True}, {"clipnorm": 0.5},
            {"clipvalue": 0.2}, {"global_clipnorm": 0.5}, {"weight_decay": 0.1},
            {"use_ema": True, "ema_momentum": 0.5, "ema_overwrite_frequency": 2},
            {"gradient_accumulation_steps": 2}],
    "Adam": [{}, {"amsgrad": True}, {"beta_1": 0.5, "epsilon": 1e-3}],
    "AdamW": [{}, {"weight_decay": 0.1}], "Nadam": [{}], "Adamax": [{}], "Lamb": [{}],
    "RMSprop": [{}, {"momentum": 0.5}, {"centered": True, "momentum": 0.5}], "Adagrad": [{}],
    "Adadelta": [{}], "Lion": [{}], "Adafactor": [{}],
    "Muon": [{}, {"nesterov": False, "rms_rate": None}],
    "Ftrl": [{}, {"l1_regularization_strength": 0.1, "l2_regularization_strength": 0.1,
                  "l2_shrinkage_regularization_strength": 0.05, "beta": 0.1}]}

SCHEDULES = [
    ("ExponentialDecay", (0.1, 10, 0.5)), ("ExponentialDecay", (0.1, 10, 0.5, True)),
    ("InverseTimeDecay", (0.1, 10, 0.5)), ("PiecewiseConstantDecay", ([3, 9], [0.1, 0.05, 0.01])),
    ("PolynomialDecay", (0.1, 10, 0.001, 2.0)), ("PolynomialDecay", (0.1, 10, 0.001, 1.0, True)),
    ("CosineDecay", (0.1, 10, 0.1)), ("CosineDecay", (0.0, 10, 0.1, "CosineDecay", 0.1, 5)),
    ("CosineDecayRestarts", (0.1, 5, 2.0, 0.8, 0.1)), ("CosineDecayRestarts", (0.1, 5, 1.0))]

ACTIVATIONS = ["relu", "leaky_relu", "relu6", "softmax", "log_softmax", "elu", "selu", "celu",
               "softplus", "softsign", "soft_shrink", "hard_shrink", "sparse_plus",
               "sparse_sigmoid", "sparsemax", "silu", "squareplus", "gelu", "glu", "tanh",
               "tanh_shrink", "hard_tanh", "sigmoid", "exponential", "hard_sigmoid", "log_sigmoid",
               "hard_silu", "mish", "linear"]

PENALTIES = [
    ("regularizers", "L1", (0.1,)), ("regularizers", "L2", (0.1,)),
    ("regularizers", "L1L2", (0.1, 0.2)), ("regularizers", "OrthogonalRegularizer", (0.1,)),
    ("regularizers", "OrthogonalRegularizer", (0.1, "columns")), ("constraints", "MaxNorm", (1.0,)),
    ("constraints", "NonNeg", ()), ("constraints", "UnitNorm", (1,)),
    ("constraints", "MinMaxNorm", (0.5, 1.0, 0.7))]

IMAGES = RANDOM.uniform(0, 255, (2, 7, 5, 3)).astype("f")
TEXTS = ["The cat sat on the mat.", "A dog, a cat & the BIRD!", "dog dog"]


def _adapted(layer, data):
    layer.adapt(data)
    return layer


# Random layers have ranges of one number here.
PREPROCESSING = {
    "Rescaling": (lambda L: L.Rescaling(1 / 127.5, -1.0), IMAGES),
    "Normalization": (lambda L: _adapted(L.Normalization(), IMAGES), IMAGES),
    "Normalization axis=1": (lambda L: _adapted(L.Normalization(axis=1), IMAGES), IMAGES),
    "Normalization inverted": (lambda L: L.Normalization(mean=2.0, variance=3.0, invert=True),
                               IMAGES),
    "Discretization": (lambda L: L.Discretization([20.0, 100.0, 200.0]), IMAGES),
    "CategoryEncoding": (lambda L: L.CategoryEncoding(5), np.array([[0, 1], [4, 4]])),
    "CategoryEncoding count": (lambda L: L.CategoryEncoding(5, "count"),
                               np.array([[0, 1], [4, 4]])),
    "CategoryEncoding one_hot": (lambda L: L.CategoryEncoding(5, "one_hot"), np.array([[0], [4]])),
    "StringLookup": (lambda L: _adapted(L.StringLookup(), np.array([["b", "a"], ["c", "b"]])),
                     np.array([["a", "z"], ["b", "c"]])),
    "StringLookup tf_idf": (
        lambda L: _adapted(L.StringLookup(output_mode="tf_idf"),
                           np.array([["b", "a"], ["c", "b"]])),
        np.array([["a", "z"], ["b", "b"]])),
    "IntegerLookup": (lambda L: L.IntegerLookup(vocabulary=[5, 7, 9], mask_token=0),
                      np.array([[0, 7], [9, 8]])),
    "IntegerLookup of three others": (lambda L: L.IntegerLookup(vocabulary=[5, 7],
                                                                num_oov_indices=3),
                                      np.array([[1, 2, 3], [4, 7, 5]])),
    "TextVectorization": (lambda L: _adapted(L.TextVectorization(), TEXTS), np.array(TEXTS)),
    "TextVectorization limits": (
        lambda L: _adapted(L.TextVectorization(6, output_sequence_length=4), TEXTS),
        np.array(TEXTS)),
    "TextVectorization ngrams": (lambda L: _adapted(L.TextVectorization(ngrams=2), TEXTS),
                                 np.array(TEXTS)),
    "TextVectorization letters": (lambda L: _adapted(L.TextVectorization(split="character"), TEXTS),
                                  np.array(TEXTS)),
    "TextVectorization tf_idf": (lambda L: _adapted(L.TextVectorization(output_mode="tf_idf"),
                                                    TEXTS),
                                 np.array(TEXTS)),
    "TextVectorization count": (
        lambda L: _adapted(L.TextVectorization(output_mode="count"), TEXTS), np.array(TEXTS)),
    "Resizing": (lambda L: L.Resizing(4, 9), IMAGES),
    "Resizing nearest": (lambda L: L.Resizing(4, 9, "nearest"), IMAGES),
    "Resizing cropped": (lambda L: L.Resizing(4, 9, crop_to_aspect_ratio=True), IMAGES),
    "Resizing padded": (lambda L: L.Resizing(4, 9, pad_to_aspect_ratio=True), IMAGES),
    "CenterCrop": (lambda L: L.CenterCrop(4, 3), IMAGES),
    "CenterCrop of less": (lambda L: L.CenterCrop(9, 3), IMAGES),
    "RandomFlip at rest": (lambda L: L.RandomFlip(), IMAGES),
    "RandomRotation": (lambda L: L.RandomRotation((0.1, 0.1)), IMAGES),
    "RandomRotation constant": (
        lambda L: L.RandomRotation((0.1, 0.1), fill_mode="constant", fill_value=3.0), IMAGES),
    "RandomZoom": (lambda L: L.RandomZoom((0.3, 0.3), (-0.2, -0.2)), IMAGES),
    "RandomZoom nearest": (lambda L: L.RandomZoom((0.3, 0.3), fill_mode="nearest"), IMAGES),
    "RandomTranslation": (lambda L: L.RandomTranslation((0.3, 0.3), (-0.2, -0.2)), IMAGES),
    "RandomBrightness": (lambda L: L.RandomBrightness((0.1, 0.1)), IMAGES),
    "RandomHue": (lambda L: L.RandomHue((1.0, 1.0), (0, 255)), IMAGES),
    "RandomSaturation": (lambda L: L.RandomSaturation((0.3, 0.3), (0, 1)), IMAGES / 255),
    "RandomColorDegeneration": (lambda L: L.RandomColorDegeneration((0.3, 0.3)), IMAGES),
    "RandomSharpness": (lambda L: L.RandomSharpness((0.9, 0.9)), IMAGES),
    "RandomInvert": (lambda L: L.RandomInvert((1, 1)), IMAGES),
    "RandomGrayscale": (lambda L: L.RandomGrayscale(1.0), IMAGES),
    "RandomPosterization": (lambda L: L.RandomPosterization((3, 3)), IMAGES),
    "RandomErasing": (lambda L: L.RandomErasing((1, 1), (1, 1), [1, 2, 3]), IMAGES),
    "RandomGaussianBlur": (lambda L: L.RandomGaussianBlur((1, 1), 3, (0.8, 0.8)), IMAGES),
    "Solarization": (lambda L: L.Solarization(), IMAGES),
    "AutoContrast": (lambda L: L.AutoContrast(), IMAGES / 2),
    "Equalization": (lambda L: L.Equalization(), IMAGES),
    "Equalization of 32 bins": (lambda L: L.Equalization((0, 1), 32), IMAGES / 255),
    "HashedCrossing": (lambda L: L.HashedCrossing(50), (np.array(["a", "b", "c"]),
                                                        np.array([3, -4, 5]))),
    "MelSpectrogram": (lambda L: L.MelSpectrogram(64, 16, num_mel_bins=8, sampling_rate=1000),
                       RANDOM.normal(size=(2, 400)).astype("f"))}
