"""The loss and the metrics of a compiled model: which belongs to which output."""

from ... import _core
from .. import _tree
from .._arrays import as_tensor
from .._tracking import Structure


class Outputs:
    """The outputs of a model in the order of `_tree.flatten`, and by what names users know them."""

    def __init__(self, model, y_pred):
        self.structure = _tree.map_structure(_star, y_pred)
        self.paths = _paths_of(y_pred)
        self.is_single = len(self.paths) == 1
        self.is_nested = any(len(path) > 1 for path in self.paths)
        graph = model.__dict__.get("_graph")
        is_dict = isinstance(y_pred, dict) and not self.is_nested
        self.are_named = is_dict or graph is not None and len(graph.outputs) == len(self.paths)
        if is_dict:
            self.names = sorted(y_pred)
        elif self.are_named:
            self.names = model.output_names
        else:
            self.names = [f"output_{i + 1}" for i in range(len(self.paths))]

    def name_of_loss(self, i, loss):
        """What the loss of an output is called: by the output's name where it has one, else by the
        keys that lead there and the loss's own."""
        if self.are_named:
            return self.names[i]
        path = self.paths[i]
        if not path or isinstance(path[-1], int):
            path = (*path[:-1], loss.name)
        return "/".join(map(str, path))

    def spread(self, what, given):
        """What belongs to each output of one thing for all, or of the structure of the outputs."""
        found = []

        def walk(part, given, path):
            is_list = isinstance(given, (list, tuple))
            if isinstance(part, dict) and isinstance(given, dict) or isinstance(
                    part, (list, tuple)) and is_list and len(given) == len(part):
                keys = sorted(part) if isinstance(part, dict) else range(len(part))
                for key in keys:
                    held = given.get(key) if isinstance(given, dict) else given[key]
                    walk(part[key], held, (*path, key))
            elif isinstance(part, (dict, list, tuple)):
                if isinstance(given, (dict, list, tuple)):
                    where = "".join(f"[{key!r}]" for key in path)
                    raise ValueError(f"`{what}{where}` doesn't have the structure of the model's "
                                     f"outputs there: {part}, not "
                                     f"{_tree.map_structure(_star, given)}")
                found.extend([given] * len(_tree.flatten(part)))
            else:
                found.append(given)

        walk(self.structure, given, ())
        return found


def _star(_):
    return "*"


def _paths_of(structure, path=()):
    """The keys that lead to each value of a structure."""
    if isinstance(structure, dict):
        return [one for key in sorted(structure)
                for one in _paths_of(structure[key], (*path, key))]
    if isinstance(structure, (list, tuple)):
        return [one for i, item in enumerate(structure) for one in _paths_of(item, (*path, i))]
    return [path]


def by_output(what, given, outputs):
    """What belongs to each output, from one thing for all, a list in their order, or a dict by
    name."""
    if outputs.is_nested:
        return outputs.spread(what, given)
    names, is_single = outputs.names, outputs.is_single
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


def values_by_output(what, given, outputs):
    """The labels or weights of each output; one array goes to all outputs."""
    names = outputs.names
    if given is None:
        return [None] * len(names)
    if outputs.is_nested:
        return outputs.spread(what, given)
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
    return losses.LossFunctionWrapper(found, name=identifier if isinstance(identifier, str)
                                      else name)


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
        outputs = Outputs(self._model, y_pred)
        given = self._given
        if outputs.is_single and isinstance(given, (list, tuple)) and len(given) == 1:
            given = given[0]
        losses = by_output("loss", given, outputs)
        weights = by_output("loss_weights", self._weights_given, outputs)
        if outputs.is_single and isinstance(weights[0], (list, tuple)):
            weights = list(weights[0])
        labels = values_by_output("y", y_true, outputs)
        made = [None if true is None else loss_of(loss, true, pred)
                for loss, true, pred in zip(losses, labels, _tree.flatten(y_pred))]
        trackers = self._make_trackers(outputs, made)
        self._outputs, self._parts = outputs, list(zip(made, weights, trackers))
        Structure.changed()

    def _make_trackers(self, outputs, losses):
        """A mean of each loss where there are several, which are reported in the order of a dict
        that compile() was given."""
        from ..metrics import Mean

        made, used = [None] * len(losses), set()
        present = [i for i, loss in enumerate(losses) if loss is not None]
        if len(present) > 1:
            for i in present:
                name = _unique(f"{outputs.name_of_loss(i, losses[i])}_loss", used)
                made[i] = Mean(name=name)
        order = list(self._given) if isinstance(self._given, dict) else []
        if all(name in order for name in outputs.names):
            present.sort(key=lambda i: order.index(outputs.names[i]))
        self.trackers = [made[i] for i in present if made[i] is not None]
        return made

    def __call__(self, y_true, y_pred, sample_weight=None, regularization_losses=None):
        if self._parts is None:
            self._make(y_true, y_pred)
        labels = values_by_output("y", y_true, self._outputs)
        weights = values_by_output("sample_weight", sample_weight, self._outputs)
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
        outputs = Outputs(self._model, y_pred)
        labels = values_by_output("y", y_true, outputs)
        parts, used = [], set()
        for is_weighted, given in enumerate(self._given):
            if given is None:
                continue
            for i, (true, pred, some) in enumerate(zip(labels, _tree.flatten(y_pred),
                                                       _lists_by_output(given, outputs))):
                prefix = f"{outputs.names[i]}_" if outputs.are_named and not outputs.is_single \
                    else ""
                for one in some:
                    metric, name = metric_of(one, true, pred)
                    is_twice = is_weighted and prefix + name in used
                    name = f"{prefix}{'weighted_' if is_twice else ''}{name}"
                    parts.append((i, metric, _unique(name, used), bool(is_weighted)))
        self._outputs, self._parts = outputs, parts
        Structure.changed()

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Takes in a batch."""
        if self._parts is None:
            self._make(y_true, y_pred)
        if not self._parts:
            return
        labels = values_by_output("y", y_true, self._outputs)
        weights = values_by_output("sample_weight", sample_weight, self._outputs)
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


def _unique(name, used):
    """A name that isn't among those used, and now is: with a number behind it where it was."""
    unique, count = name, 0
    while unique in used:
        count += 1
        unique = f"{name}_{count}"
    used.add(unique)
    return unique


def _lists_by_output(given, outputs):
    """The list of metrics of each output."""
    names = outputs.names
    if outputs.is_single and not isinstance(given, dict):
        given = given if isinstance(given, (list, tuple)) else [given]
        return [[one for one in _tree.flatten(list(given)) if one is not None]]
    if not outputs.is_nested and isinstance(given, (list, tuple)) and len(given) != len(
            names) and not any(isinstance(one, (list, tuple)) for one in given):
        raise ValueError(f"For a model with {len(names)} outputs ({', '.join(names)}), `metrics` "
                         "is a dict by output or a list with one list of metrics for each, not "
                         f"{given!r}")
    listed = by_output("metrics", given, outputs)
    return [[] if some is None else list(some) if isinstance(some, (list, tuple)) else [some]
            for some in listed]
