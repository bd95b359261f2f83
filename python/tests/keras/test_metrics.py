"""Metrics, by values worked out by hand."""

import math

import pytest

import tenon
from tenon.keras import metrics


def value(metric):
    return metric.result().tolist()


def near(given, expected):
    return (tenon.tensor(given) - tenon.tensor(expected)).abs().max().item() < 1e-5


def test_sums_and_means_stream():
    mean, total = metrics.Mean(), metrics.Sum()
    for metric in mean, total:
        metric.update_state([1.0, 3.0])
        metric.update_state([5.0, 7.0], sample_weight=[1.0, 0.0])
    assert value(mean) == 3.0 and value(total) == 9.0
    assert mean(11.0).item() == 5.0
    mean.reset_state()
    assert value(mean) == 0.0
    mean.update_state([[1.0, 3.0], [5.0, 9.0]], sample_weight=[2.0, 1.0])
    assert near(value(mean), (2 * 2 + 7) / 3)
    assert [v.name for v in mean.variables] == ["total", "count"]


def test_states_merge():
    one, other = metrics.Mean(), metrics.Mean()
    one.update_state([1.0])
    other.update_state([2.0, 6.0])
    one.merge_state([other])
    assert value(one) == 3.0


@pytest.mark.parametrize("metric, labels, predictions, expected", [
    (metrics.Accuracy(), [1, 2, 3, 4], [0, 2, 3, 4], 0.75),
    (metrics.BinaryAccuracy(), [[1], [1], [0], [0]], [[0.98], [0.5], [0.1], [0.6]], 0.5),
    (metrics.BinaryAccuracy(threshold=0.2), [1.0, 0.0], [0.3, 0.3], 0.5),
    (metrics.CategoricalAccuracy(), [[0, 0, 1], [0, 1, 0]], [[0.1, 0.9, 0.8], [0.05, 0.95, 0]],
     0.5),
    (metrics.SparseCategoricalAccuracy(), [[2], [1]], [[0.1, 0.6, 0.3], [0.05, 0.95, 0]], 0.5),
    (metrics.SparseCategoricalAccuracy(), [2, 1], [[0.1, 0.6, 0.3], [0.05, 0.95, 0]], 0.5),
    (metrics.TopKCategoricalAccuracy(k=2), [[0, 0, 1], [0, 1, 0]],
     [[0.1, 0.9, 0.8], [0.5, 0.1, 0.4]], 0.5),
    (metrics.SparseTopKCategoricalAccuracy(k=2), [2, 1], [[0.1, 0.9, 0.8], [0.5, 0.1, 0.4]], 0.5),
    (metrics.MeanSquaredError(), [[0.0, 1.0]], [[1.0, 3.0]], 2.5),
    (metrics.RootMeanSquaredError(), [[0.0, 1.0]], [[1.0, 3.0]], math.sqrt(2.5)),
    (metrics.MeanAbsoluteError(), [[0.0, 1.0]], [[1.0, 3.0]], 1.5),
    (metrics.CosineSimilarity(), [[0.0, 1.0], [1.0, 1.0]], [[1.0, 0.0], [1.0, 1.0]], 0.5),
    (metrics.BinaryCrossentropy(), [[1.0]], [[0.3]], -math.log(0.3)),
    (metrics.SparseCategoricalCrossentropy(), [1], [[0.3, 0.7]], -math.log(0.7)),
    (metrics.R2Score(), [[1.0], [4.0], [3.0]], [[2.0], [4.0], [4.0]], 1 - 2 / (14 / 3)),
    (metrics.PearsonCorrelation(), [[0.0, 1.0, 0.5]], [[0.0, 2.0, 1.0]], 1.0),
    # Of Keras's documentation: 0.97560976 and 0.98765432.
    (metrics.ConcordanceCorrelation(), [[0.0, 1.0, 0.5], [1.0, 1.0, 0.2]],
     [[0.1, 0.9, 0.5], [1.0, 0.9, 0.2]], (0.97560976 + 0.98765432) / 2),
    (metrics.LogCoshError(), [[0.0]], [[2.0]], math.log(math.cosh(2))),
    (metrics.MeanTensor(), [[1.0, 3.0]], None, [[1.0, 3.0]])])
def test_values(metric, labels, predictions, expected):
    metric.reset_state()
    for _ in range(2):
        metric.update_state(*([labels] if predictions is None else [labels, predictions]))
    assert near(value(metric), expected)


LABELS, SCORES = [0.0, 1.0, 1.0, 1.0], [0.3, 0.2, 0.8, 0.6]


@pytest.mark.parametrize("metric, expected", [
    (metrics.TruePositives(), 2.0), (metrics.FalsePositives(), 0.0), (metrics.TrueNegatives(), 1.0),
    (metrics.FalseNegatives(), 1.0), (metrics.Precision(), 1.0), (metrics.Recall(), 2 / 3),
    (metrics.TruePositives(thresholds=[0.1, 0.7]), [3.0, 1.0]),
    (metrics.Precision(thresholds=[0.1, 0.7]), [0.75, 1.0]),
    (metrics.PrecisionAtRecall(0.9), 0.75), (metrics.RecallAtPrecision(0.9), 2 / 3),
    (metrics.SensitivityAtSpecificity(1.0), 2 / 3), (metrics.SpecificityAtSensitivity(1.0), 0.0)])
def test_confusion(metric, expected):
    metric.update_state(LABELS, SCORES)
    assert near(value(metric), expected)
    metric.update_state(LABELS, SCORES, sample_weight=[0.0, 0.0, 0.0, 0.0])
    assert near(value(metric), expected)


def test_precision_and_recall_of_the_top_k_and_of_one_class():
    labels, scores = [[0, 1, 1], [1, 0, 0]], [[0.9, 0.6, 0.1], [0.3, 0.2, 0.8]]
    precision, recall = metrics.Precision(top_k=2), metrics.Recall(class_id=0)
    precision.update_state(labels, scores)
    recall.update_state(labels, scores)
    assert near(value(precision), 2 / 4) and near(value(recall), 0.0)


def test_areas_under_curves():
    # At thresholds below 0, 0.5 and above 1 the (false, true) positive rates are (1, 1), (0, 0.5),
    # (0, 0).
    roc = metrics.AUC(num_thresholds=3)
    roc.update_state([0, 0, 1, 1], [0, 0.5, 0.3, 0.9])
    assert near(value(roc), 0.75)
    roc.reset_state()
    roc.update_state([0, 0, 1, 1], [0, 0.5, 0.3, 0.9], sample_weight=[1, 0, 0, 1])
    assert near(value(roc), 1.0)
    minor = metrics.AUC(num_thresholds=3, summation_method="minoring")
    minor.update_state([0, 0, 1, 1], [0, 0.5, 0.3, 0.9])
    assert near(value(minor), 0.5)
    precision_recall = metrics.AUC(num_thresholds=3, curve="PR")
    precision_recall.update_state([0, 0, 1, 1], [0, 0.5, 0.3, 0.9])
    # From (recall 0.5, 1 of 1) to (1, 2 of 4): slope 1/3, intercept 2/3.
    assert near(value(precision_recall), 0.5 + (1 / 3) * (1 + (2 / 3) * math.log(4)) / 2)
    many = metrics.AUC(num_thresholds=3, multi_label=True)
    many.update_state([[0, 1], [0, 0], [1, 1], [1, 0]], [[0, 1], [0.5, 0], [0.3, 1], [0.9, 0]])
    assert near(value(many), (0.75 + 1.0) / 2)


def test_logits_make_the_same_area():
    labels, logits = [0, 1, 0, 1], tenon.tensor([-1.0, 0.3, 0.5, 2.0])
    plain, of_logits = metrics.AUC(), metrics.AUC(from_logits=True)
    plain.update_state(labels, logits.sigmoid())
    of_logits.update_state(labels, logits)
    assert near(value(plain), value(of_logits)) and near(value(plain), 0.75)


def test_f_scores():
    labels = [[1, 1, 1], [1, 0, 0], [1, 1, 0]]
    scores = [[0.2, 0.6, 0.7], [0.2, 0.6, 0.6], [0.6, 0.8, 0.0]]
    each = metrics.F1Score(threshold=0.5)
    each.update_state(labels, scores)
    assert near(value(each), [0.5, 0.8, 2 / 3])
    macro = metrics.FBetaScore("macro", 2.0, 0.5)
    macro.update_state(labels, scores)
    expected = [5 * p * r / (4 * p + r) for p, r in ((1, 1 / 3), (2 / 3, 1), (0.5, 1))]
    assert near(value(macro), sum(expected) / 3)


def test_intersections_over_unions():
    mean = metrics.MeanIoU(num_classes=2)
    mean.update_state([0, 0, 1, 1], [0, 1, 0, 1])
    assert near(value(mean), 1 / 3)
    weighted = metrics.IoU(2, [0])
    weighted.update_state([0, 0, 1, 1], [0, 1, 0, 1], sample_weight=[0.3, 0.3, 0.3, 0.1])
    assert near(value(weighted), 0.3 / 0.9)
    binary = metrics.BinaryIoU([1], threshold=0.3)
    binary.update_state([0, 1, 0, 1], [0.1, 0.2, 0.4, 0.7])
    assert near(value(binary), 1 / 3)
    one_hot = metrics.OneHotMeanIoU(2)
    one_hot.update_state([[1, 0], [0, 1]], [[0.9, 0.1], [0.8, 0.2]])
    assert near(value(one_hot), 0.25)


def test_masks_leave_steps_out():
    prediction = tenon.tensor([[1.0], [0.0]])
    prediction._keras_mask = tenon.tensor([True, False])
    metric = metrics.BinaryAccuracy()
    metric.update_state([[1.0], [1.0]], prediction)
    assert value(metric) == 1.0


def test_updates_take_part_in_compiled_functions():
    mean, area = metrics.SparseCategoricalAccuracy(), metrics.AUC()

    @tenon.compile
    def step(labels, scores):
        mean.update_state(labels, scores)
        area.update_state(labels, scores[:, 1])

    labels, scores = tenon.tensor([0, 1, 1]), tenon.tensor([[0.6, 0.4], [0.7, 0.3], [0.2, 0.8]])
    for _ in range(3):
        step(labels, scores)
    assert near(value(mean), 2 / 3) and near(value(area), 0.5)
    assert step.counters()["flushes"] == 3


def test_own_metrics():
    class Largest(metrics.Metric):
        def __init__(self, name="largest", **kwargs):
            super().__init__(name=name, **kwargs)
            self.largest = self.add_weight(name="largest", initializer="zeros")

        def update_state(self, y_true, y_pred, sample_weight=None):
            self.largest.assign(tenon.maximum(self.largest, y_pred.max()))

        def result(self):
            return self.largest

    metric = Largest()
    metric.update_state(None, tenon.tensor([1.0, 4.0], requires_grad=True) * 2)
    assert value(metric) == 8.0 and not metric.largest.requires_grad
    metric.reset_state()
    assert value(metric) == 0.0 and metric.get_config() == {"name": "largest", "dtype": "float32"}


@pytest.mark.parametrize("metric", [
    metrics.Mean(), metrics.BinaryAccuracy(threshold=0.3), metrics.AUC(curve="PR"),
    metrics.MeanIoU(3), metrics.Precision(top_k=2, class_id=1), metrics.RecallAtPrecision(0.7),
    metrics.F1Score("macro"), metrics.CosineSimilarity(axis=0),
    metrics.CategoricalCrossentropy(from_logits=True)])
def test_configs(metric):
    again = metrics.deserialize(metrics.serialize(metric))
    assert type(again) is type(metric) and again.get_config() == metric.get_config()


def test_mistakes():
    with pytest.raises(ValueError, match="metric 'acuracy' isn't known; near are: accuracy"):
        metrics.get("acuracy")
    with pytest.raises(ValueError, match="thresholds lie in"):
        metrics.Precision(thresholds=2.0)
    with pytest.raises(ValueError, match="curve is ROC or PR"):
        metrics.AUC(curve="X")
    with pytest.raises(ValueError, match="one shape"):
        metrics.Precision().update_state([[1, 0]], [1.0, 0.5, 0.3])
