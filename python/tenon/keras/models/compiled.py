"""The loss and the metrics of a compiled model: which belongs to which output."""

from ... import _core
from .. import _tree
from .._arrays import as_tensor
from .._tracking import Structure


def names_of_outputs(model, y_pred):
    """The names of a model's outputs, one for each of the flat structure."""
    if isinstance(y_pred, dict):
        return sorted(y_pred)
    count = len(_tree.flatten(y_pred))
    graph = model.__dict__.get("_graph")
    if graph is not None and len(graph.outputs) == count:
        return model.output_names
    return [f"output_{i + 1}" for i in range(count)]


def by_output(what, given, names, is_single):
    """What belongs to each output, from one thing for all, a list in their order, or a dict by
    name."""
    if isinstance(given, dict):
        unknown = sorted(set(given) - set(names))
        if unknown:
            raise ValueError(f"In the dict argument `{what}`, key '{unknown[0]}' does not "
                             f"correspond to any model output; these are: {', '.join(names)}")
        return [given.get(name) for name in names]
    if isinstance(given, (list, tuple)) and not is_single:
        if len(given) != len(names):
            raise ValueError(f"For a model with {len(names)} outputs ({', '.join(names)}), "
                             f"`{what}` has one entry for each, not {len(given)}")
        return list(given)
    return [given] * len(names)


def values_by_output(what, given, names):
    """The labels or weights of each output; one array goes to all outputs."""
    if given is None:
        return [None] * len(names)
    if isinstance(given, dict):
        if len(names) == 1 and len(given) == 1:
            return list(given.values())
        missing = [name for name in names if name not in given]
        if missing and what == "y":
            raise ValueError(f"the model's output {missing[0]!r} has no labels among "
                             f"{sorted(given)}")
        return [given.get(name) for name in names]
    if isinstance(given, (list, tuple)):
        given = _tree.flatten(given)
        if len(given) == len(names):
            return given
        raise ValueError(f"the model has {len(names)} output(s), {', '.join(names)}; `{what}` has "
                         f"{len(given)}")
    if len(names) > 1 and what == "y":
        raise ValueError(f"the model has {len(names)} outputs, {', '.join(names)}; `y` is one "
                         "array, where a list or a dict of arrays is needed")
    return [given] * len(names)


def _is_one_number(y_pred):
    return len(y_pred.shape) > 0 and y_pred.shape[-1] == 1


def _is_sparse(y_true, y_pred):
    true, pred = y_true.shape, y_pred.shape
    return len(true) < len(pred) or (len(true) > 0 and true[-1] == 1 and pred[-1] > 1)


def _kind_by_shapes(y_true, y_pred):
    """Which variant of accuracy and cross-entropy labels and predictions of these shapes have."""
    if _is_one_number(y_pred):
        return "binary"
    return "sparse_categorical" if _is_sparse(y_true, y_pred) else "categorical"


def loss_of(identifier, y_true, y_pred):
    """A loss object of what compile() was given; None for None."""
    from .. import losses

    if identifier is None:
        return None
    if identifier in ("crossentropy", "ce"):
        identifier = f"{_kind_by_shapes(y_true, y_pred)}_crossentropy"
    found = losses.get(identifier)
    if isinstance(found, losses.Loss):
        return found
    name = getattr(found, "__name__", type(found).__name__)
    return losses.LossFunctionWrapper(found, name=name)


def metric_of(identifier, y_true, y_pred):
    """A metric object, and the name it is shown by, of what compile() was given."""
    from .. import metrics

    if isinstance(identifier, metrics.Metric):
        return identifier, identifier.name
    name = identifier if isinstance(identifier, str) else None
    if name in ("accuracy", "acc"):
        identifier = f"{_kind_by_shapes(y_true, y_pred)}_accuracy"
    elif name in ("crossentropy", "ce"):
        identifier = f"{_kind_by_shapes(y_true, y_pred)}_crossentropy"
    found = metrics.get(identifier)
    if isinstance(found, metrics.Metric):  # "mae" is shown as that, "AUC" as "auc"
        if name is not None and name.islower():
            found.name = name
        return found, found.name
    name = name or getattr(found, "__name__", type(found).__name__)
    return metrics.MeanMetricWrapper(found, name=name), name


class CompiledLoss:
    """The weighted sum of the losses of all outputs."""

    def __init__(self, model, loss, loss_weights):
        self._model, self._given, self._weights_given = model, loss, loss_weights
        self._parts = None
        self.trackers = []

    def _make(self, y_true, y_pred):
        from ..metrics import Mean

        names = names_of_outputs(self._model, y_pred)
        is_single = len(names) == 1
        given = self._given
        if is_single and isinstance(given, (list, tuple)) and len(given) == 1:
            given = given[0]
        losses = by_output("loss", given, names, is_single)
        weights = by_output("loss_weights", self._weights_given, names, is_single)
        if is_single and isinstance(weights[0], (list, tuple)):
            weights = list(weights[0])
        labels = values_by_output("y", y_true, names)
        parts = []
        for name, loss, weight, true, pred in zip(names, losses, weights, labels,
                                                  _tree.flatten(y_pred)):
            made = None if true is None else loss_of(loss, true, pred)
            tracker = Mean(name=f"{name}_loss") if made is not None and not is_single else None
            parts.append((made, weight, tracker))
        self._names, self._parts = names, parts
        Structure.changed()
        self.trackers = [tracker for _, _, tracker in parts if tracker is not None]

    def __call__(self, y_true, y_pred, sample_weight=None, regularization_losses=None):
        if self._parts is None:
            self._make(y_true, y_pred)
        labels = values_by_output("y", y_true, self._names)
        weights = values_by_output("sample_weight", sample_weight, self._names)
        total = None
        for (loss, weight, tracker), true, pred, sample in zip(self._parts, labels,
                                                               _tree.flatten(y_pred), weights):
            if loss is None:
                continue
            value = _checked(loss, true, pred, sample)
            if tracker is not None:
                tracker.update_state(value.detach(), _batch_size(pred))
            if weight is not None:
                value = value * weight
            total = value if total is None else total + value
        for value in regularization_losses or ():
            total = value if total is None else total + value
        return total


def _checked(loss, y_true, y_pred, sample_weight):
    """The loss of one output; an error names it and both shapes where they don't fit."""
    try:
        return loss(y_true, y_pred, sample_weight)
    except _core.ShapeError as error:
        raise ValueError(f"loss {loss.name!r}: labels of shape {tuple(y_true.shape)} don't fit "
                         f"predictions of shape {tuple(y_pred.shape)}: {error}") from error


def _batch_size(y_pred):
    return as_tensor(float(y_pred.shape[0] if len(y_pred.shape) else 1))


class CompiledMetrics:
    """The metrics that compile() was given, and the outputs that they measure. Before these are
    known it stands for them as one metric."""

    name, variables = "compile_metrics", ()

    def __init__(self, model, metrics, weighted_metrics):
        self._model, self._given = model, (metrics, weighted_metrics)
        self._parts = None

    @property
    def metrics(self):
        if self._parts is None:
            return [self] if any(self._given) else []
        return [metric for _, metric, _, _ in self._parts]

    def reset_state(self):
        """Forgets what it has seen: nothing, where it stands for its metrics."""

    def _make(self, y_true, y_pred):
        names = names_of_outputs(self._model, y_pred)
        is_single = len(names) == 1
        labels = values_by_output("y", y_true, names)
        parts, used = [], set()
        for is_weighted, given in enumerate(self._given):
            if given is None:
                continue
            for i, (true, pred, some) in enumerate(zip(labels, _tree.flatten(y_pred),
                                                       _lists_by_output(given, names))):
                for one in some:
                    metric, name = metric_of(one, true, pred)
                    name = name if is_single else f"{names[i]}_{name}"
                    unique, count = name, 0
                    while unique in used:
                        count += 1
                        unique = f"{name}_{count}"
                    used.add(unique)
                    parts.append((i, metric, unique, bool(is_weighted)))
        self._names, self._parts = names, parts
        Structure.changed()

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Takes in a batch."""
        if self._parts is None:
            self._make(y_true, y_pred)
        if not self._parts:
            return
        labels = values_by_output("y", y_true, self._names)
        weights = values_by_output("sample_weight", sample_weight, self._names)
        predictions = _tree.flatten(y_pred)
        for i, metric, _, is_weighted in self._parts:
            metric.update_state(labels[i], predictions[i], weights[i] if is_weighted else None)

    def result(self):
        """What the metrics tell, by name."""
        results = {}
        for _, metric, name, _ in self._parts or ():
            value = metric.result()
            results.update(value if isinstance(value, dict) else {name: value})
        return results


def _lists_by_output(given, names):
    """The list of metrics of each output."""
    is_single = len(names) == 1
    if is_single and not isinstance(given, dict):
        given = given if isinstance(given, (list, tuple)) else [given]
        return [[one for one in _tree.flatten(list(given)) if one is not None]]
    if isinstance(given, (list, tuple)) and len(given) != len(names) and not any(
            isinstance(one, (list, tuple)) for one in given):
        raise ValueError(f"For a model with {len(names)} outputs ({', '.join(names)}), `metrics` "
                         "is a dict by output or a list with one list of metrics for each, not "
                         f"{given!r}")
    listed = by_output("metrics", given, names, False)
    return [[] if some is None else list(some) if isinstance(some, (list, tuple)) else [some]
            for some in listed]
