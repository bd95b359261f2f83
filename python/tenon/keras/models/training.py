"""compile(), fit(), evaluate(), predict() and their steps."""

import functools
import math
import warnings

from ... import _core
from ..._eager.recording import recording
from ..._modes import no_grad
from ...autograd import grad
from .. import _tree
from .._calls import CallSignature
from .._layer import is_default
from .._tracking import Structure
from ..optimizers._base import Optimizer
from .compiled import CompiledLoss, CompiledMetrics
from .data_adapter import (ArrayAdapter, Epochs, make_adapter, train_validation_split,
                           unpack_x_y_sample_weight)
from .steps import Step

Tensor = _core.Tensor


def _first_size(structure):
    """The size of the batch."""
    for value in _tree.flatten(structure):
        if hasattr(value, "shape") and len(value.shape):
            return value.shape[0]
    return 1


def numbers_of(logs):
    """Logs with Python's floats where there are tensors of one number."""
    return {key: value.item() if isinstance(value, Tensor) and value.numel() == 1
            else value.numpy() if isinstance(value, Tensor) else value
            for key, value in logs.items()}


class Training:
    """The part of a model that is trained."""

    def compile(self, optimizer="rmsprop", loss=None, loss_weights=None, metrics=None,
                weighted_metrics=None, run_eagerly=False, steps_per_execution=1, jit_compile="auto",
                auto_scale_loss=True, **kwargs):
        """Says how the model is trained: optimizer, losses and metrics by name, as objects or
        functions; for several outputs in a list, or in a dict by the outputs' names.

        Of models that compute in "mixed_float16" the optimizer becomes the inner one of a
        LossScaleOptimizer, unless auto_scale_loss=False.

        Steps run compiled, to the same numbers, unless `run_eagerly`. steps_per_execution and
        jit_compile are taken; there is nothing in them to choose.
        """
        from .. import optimizers

        kwargs.pop("distribute", None), kwargs.pop("sample_weight_mode", None)
        if kwargs:
            raise TypeError(f"compile() got an unexpected keyword argument '{next(iter(kwargs))}'")
        state = self.__dict__
        state["optimizer"] = optimizers.get(optimizer)
        if auto_scale_loss and self.dtype_policy.name == "mixed_float16" and not isinstance(
                state["optimizer"], (optimizers.LossScaleOptimizer, type(None))):
            state["optimizer"] = optimizer = optimizers.LossScaleOptimizer(state["optimizer"])
        state["loss"], state["stop_training"] = loss, False
        state["run_eagerly"] = run_eagerly
        state["_compiled_loss"] = None if loss is None else CompiledLoss(self, loss, loss_weights)
        state["_compiled_metrics"] = None
        if metrics is not None or weighted_metrics is not None:
            state["_compiled_metrics"] = CompiledMetrics(self, metrics, weighted_metrics)
        self._compile_arguments = {
            "optimizer": optimizer, "loss": loss, "loss_weights": loss_weights, "metrics": metrics,
            "weighted_metrics": weighted_metrics, "run_eagerly": run_eagerly,
            "steps_per_execution": steps_per_execution, "jit_compile": jit_compile}
        from ..metrics import Mean

        state["_loss_tracker"] = Mean(name="loss")
        state["compiled"] = True
        state["_functions"] = {}
        Structure.changed()

    def _init_training(self):
        self.__dict__.update(optimizer=None, loss=None, stop_training=False, run_eagerly=False,
                             compiled=False, history=None, _compiled_loss=None,
                             _compiled_metrics=None, _loss_tracker=None, _functions={})

    def __getstate__(self):
        return {**super().__getstate__(), "_functions": {}, "_cache": {}}

    def compiled_loss(self, y_true, y_pred, sample_weight=None, regularization_losses=None):
        """compile()'s loss, and those of regularizers; the metric "loss" takes it in, too."""
        if self._compiled_loss is None:
            raise ValueError("compiled_loss: compile() was given no `loss`")
        value = self._compiled_loss(y_true, y_pred, sample_weight, regularization_losses)
        _track(self._loss_tracker, value, _first_size(y_pred))
        return value

    compiled_metrics = property(lambda self: self._compiled_metrics or CompiledMetrics(self, None,
                                                                                      None))
    jit_compile = property(lambda self: False)

    def _check_compiled(self, call):
        if not self.compiled:
            raise ValueError(f"You must call `compile()` before using the model: {call} needs its "
                             "optimizer and loss")

    @property
    def metrics(self):
        """The loss's and compile()'s metrics, and those of layers."""
        found = [] if self._loss_tracker is None else [self._loss_tracker]
        found += super().metrics
        if self._compiled_metrics is not None:
            found += self._compiled_metrics.metrics
        if self._compiled_loss is not None:
            found += self._compiled_loss.trackers
        return list({id(metric): metric for metric in found}.values())

    @property
    def metrics_names(self):
        """The names of what evaluate() returns."""
        return self._names_in_order(self.get_metrics_result())

    def reset_metrics(self):
        """Metrics forget what they have seen."""
        for metric in self.metrics:
            metric.reset_state()

    # One step.

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """The loss of a batch: compile()'s, what layers add, and regularizers'."""
        losses = self.losses
        total = None
        if self._compiled_loss is not None and y is not None:
            total = self._compiled_loss(y, y_pred, sample_weight)
        for loss in losses:
            total = loss if total is None else total + loss
        if total is None:
            raise ValueError("No loss to compute: give `compile()` a `loss`, which needs `y`, or "
                             "add losses by `add_loss()` in the `call()` of a layer or the model")
        return total

    def _loss_of_batch(self, x, y, y_pred, sample_weight, training):
        """compute_loss(), which in programs that are older than its `training` doesn't take it."""
        more = {"training": training} if _takes_training(type(self).compute_loss) else {}
        return self.compute_loss(x=x, y=y, y_pred=y_pred, sample_weight=sample_weight, **more)

    def compute_metrics(self, x, y, y_pred, sample_weight=None):
        """Takes a batch into the metrics; their results so far by name."""
        if self._compiled_metrics is not None and y is not None:
            self._compiled_metrics.update_state(y, y_pred, sample_weight)
        return self.get_metrics_result()

    def get_metrics_result(self):
        """What the metrics tell by now, by name."""
        results = {}
        own = {id(metric) for metric in self._compiled_metrics.metrics} if \
            self._compiled_metrics is not None else ()
        for metric in self.metrics:
            if id(metric) not in own:
                value = metric.result()
                results.update(value if isinstance(value, dict) else {metric.name: value})
        if self._compiled_metrics is not None:
            results.update(self._compiled_metrics.result())
        return results

    def train_step(self, data):
        """One step of training on a batch; returns the metrics. May be defined by subclasses."""
        x, y, sample_weight = unpack_x_y_sample_weight(data)
        with recording():
            y_pred = self(x, training=True)
            loss = self._loss_of_batch(x, y, y_pred, sample_weight, True)
        _track(self._loss_tracker, loss, _first_size(x))
        variables = self._cached("trained", lambda: self.trainable_weights)
        if variables:
            scaled = getattr(self.optimizer, "scale_loss", None)
            grads = grad(loss if scaled is None else scaled(loss), variables, allow_unused=True)
            self.optimizer.apply(grads, variables)
        elif self.optimizer.iterations == 0:
            warnings.warn("The model does not have any trainable weights.", stacklevel=2)
        return self.compute_metrics(x, y, y_pred, sample_weight=sample_weight)

    def test_step(self, data):
        """One step of evaluation on a batch; returns the metrics."""
        x, y, sample_weight = unpack_x_y_sample_weight(data)
        y_pred = self(x, training=False)
        if (self._compiled_loss is not None or self.losses
            or type(self).compute_loss is not Training.compute_loss):
            loss = self._loss_of_batch(x, y, y_pred, sample_weight, False)
            _track(self._loss_tracker, loss, _first_size(x))
        return self.compute_metrics(x, y, y_pred, sample_weight=sample_weight)

    def predict_step(self, data):
        """The predictions of a batch."""
        x, _, _ = unpack_x_y_sample_weight(data)
        return self(x, training=False)

    def make_train_function(self, force=False):
        """Makes `train_function`, which is `train_step` compiled."""
        return self._make_function("train_step", self.train_step, force, self.optimizer)

    def make_test_function(self, force=False):
        """Makes `test_function`, which is `test_step` compiled."""
        return self._make_function("test_step", no_grad(self.test_step), force)

    def make_predict_function(self, force=False):
        """Makes `predict_function`, which is `predict_step` compiled."""
        return self._make_function("predict_step", no_grad(self.predict_step), force)

    def _make_function(self, name, step, force, optimizer=None):
        known = self._functions.get(name)
        if known is None or force or known[0] != bool(self.run_eagerly):
            made = step if self.run_eagerly else Step(self, name, step, optimizer)
            known = self._functions[name] = bool(self.run_eagerly), made
        return known[1]

    train_function = property(make_train_function)
    test_function = property(make_test_function)
    predict_function = property(make_predict_function)

    def _make_variables(self, epochs):
        """Runs the model's first batch, without doing what its ops are, so that all variables are
        there before the first step is compiled."""
        if not self.built or not all(layer.built for layer in self._flatten_layers()):
            batch = epochs.first()
            if batch is not None:
                x, _, _ = unpack_x_y_sample_weight(batch)
                if self._graph is not None or not is_default(self.call):
                    self._run_for_shapes(x)

    def _run_for_shapes(self, x):
        def run():
            with no_grad():
                self._call_unrecorded(x, training=False)

        _core.CompiledFunction(run, [], False, False, 0)()

    # Loops.

    def fit(self, x=None, y=None, batch_size=None, epochs=1, verbose="auto", callbacks=None,
            validation_split=0.0, validation_data=None, shuffle=True, class_weight=None,
            sample_weight=None, initial_epoch=0, steps_per_epoch=None, validation_steps=None,
            validation_batch_size=None, validation_freq=1, max_queue_size=10, workers=1,
            use_multiprocessing=False):
        """Trains for `epochs` epochs; returns a History, whose `history` has the losses and metrics
        of each.

        x, y: arrays, tensors, lists or dicts of these by the inputs' and outputs' names; or x
        alone:
            a dataset, a DataLoader, a PyDataset or a generator of (x, y) or (x, y, sample_weight).
        validation_split: the last part of arrays is kept for validation.
        validation_data: (x, y), (x, y, sample_weight) or what x may be.
        verbose: 0 for silence, 1 for a bar, 2 for a line an epoch.
        """
        self._check_compiled("fit()")
        if validation_split and validation_data is None:
            (x, y, sample_weight), validation_data = train_validation_split(
                (x, y, sample_weight), validation_split)
        adapter = make_adapter("fit()", x, y, sample_weight, batch_size, shuffle, class_weight)
        training = Epochs(adapter, steps_per_epoch)
        validation = None
        if validation_data is not None:
            validation = self._validation(validation_data, validation_batch_size or batch_size,
                                          validation_steps)
        self._make_variables(training)
        callbacks = self._callbacks(callbacks, verbose, epochs, training.num_batches, True)
        self.__dict__["stop_training"] = False
        self.make_train_function()
        callbacks.on_train_begin()
        initial_epoch = self.__dict__.pop("_initial_epoch", initial_epoch)  # of BackupAndRestore
        logs = None
        for epoch in range(initial_epoch, epochs):
            self.reset_metrics()
            callbacks.on_epoch_begin(epoch)
            logs = self._train_epoch(training, callbacks)
            if training.ran_out and not logs:
                break
            _warn_of_nan(logs, epoch)
            if validation is not None and _is_due(epoch, validation_freq):
                held = self._evaluate(validation, callbacks)
                logs.update({f"val_{name}": value for name, value in held.items()})
                logs = dict(sorted(logs.items()))
            callbacks.on_epoch_end(epoch, logs)
            if self.stop_training or training.ran_out:
                break
        if epochs > 0 and isinstance(self.optimizer, Optimizer):
            self.optimizer.finalize_variable_values(self.trainable_weights)
        callbacks.on_train_end(logs)
        return self.history

    def _validation(self, data, batch_size, steps):
        if isinstance(data, (tuple, list)) and not hasattr(data, "__next__"):
            x, y, sample_weight = unpack_x_y_sample_weight(data)
            adapter = make_adapter("fit(validation_data=...)", x, y, sample_weight, batch_size)
        else:
            adapter = make_adapter("fit(validation_data=...)", data, batch_size=batch_size)
        return Epochs(adapter, steps)

    def _callbacks(self, callbacks, verbose, epochs, steps, adds_history):
        from ..callbacks import CallbackList

        if isinstance(callbacks, CallbackList):
            return callbacks
        verbose = 1 if verbose == "auto" else int(verbose)
        return CallbackList(callbacks, add_history=adds_history, add_progbar=verbose != 0,
                            model=self, verbose=verbose, epochs=epochs, steps=steps)

    def _train_epoch(self, training, callbacks):
        """Trains on the batches of one epoch; the metrics at its end."""
        logs, step = {}, -1
        function = self.train_function
        begins, ends = (callbacks.wants("on_train_batch_begin"),
                        callbacks.wants("on_train_batch_end"))
        for step, batch in enumerate(training.batches()):
            if begins:
                callbacks.on_train_batch_begin(step)
            logs = function(batch)
            if ends:
                callbacks.on_train_batch_end(step, _flat(logs))
            if self.stop_training:
                break
        return {} if step < 0 else _sorted_numbers(self._logs(logs))

    def _logs(self, logs):
        """The metrics; what a step of the user's returned in their place where that is no dict of
        all of them."""
        results, logs = self.get_metrics_result(), _flat(logs)
        if isinstance(logs, dict) and set(logs) == set(results):
            return results
        return logs if isinstance(logs, dict) else {"loss": logs}

    def evaluate(self, x=None, y=None, batch_size=None, verbose="auto", sample_weight=None,
                 steps=None, callbacks=None, return_dict=False, max_queue_size=10, workers=1,
                 use_multiprocessing=False, **kwargs):
        """The loss and metrics of data: a number, a list of them in the order of `metrics_names`,
        or with `return_dict` a dict by name."""
        self._check_compiled("evaluate()")
        if kwargs:
            raise TypeError(f"evaluate() got an unexpected keyword argument '{next(iter(kwargs))}'")
        epochs = Epochs(make_adapter("evaluate()", x, y, sample_weight, batch_size), steps)
        self._make_variables(epochs)
        callbacks = self._callbacks(callbacks, verbose, 1, epochs.num_batches, False)
        logs = self._evaluate(epochs, callbacks)
        return logs if return_dict else self._in_order(logs)

    def _evaluate(self, epochs, callbacks):
        function = self.test_function
        callbacks.on_test_begin()
        self.reset_metrics()
        self.__dict__["stop_evaluating"] = False
        logs = {}
        for step, batch in enumerate(epochs.batches()):
            callbacks.on_test_batch_begin(step)
            logs = function(batch)
            callbacks.on_test_batch_end(step, logs)
            if self.stop_evaluating:
                break
        logs = _sorted_numbers(self._logs(logs)) if logs else {}
        callbacks.on_test_end(logs)
        return logs

    def _in_order(self, logs):
        """The values of logs in the order of `metrics_names`; a single one by itself."""
        values = [logs[name] for name in self._names_in_order(logs)]
        return values[0] if len(values) == 1 else values

    def _names_in_order(self, logs):
        """The names of logs in the order of the metrics, those that have none of their names
        behind them by the alphabet."""
        compiled = [] if self._compiled_metrics is None else self._compiled_metrics.metrics
        trackers = [] if self._compiled_loss is None else self._compiled_loss.trackers
        others = [metric for metric in self.metrics if not any(
            metric is one for one in (*compiled, *trackers))]
        names = dict.fromkeys(metric.name for metric in (*others, *compiled, *trackers))
        found = [name for name in names if name in logs]
        return found + sorted(set(logs) - set(found))

    def predict(self, x, batch_size=None, verbose="auto", steps=None, callbacks=None,
                max_queue_size=10, workers=1, use_multiprocessing=False):
        """The model's outputs for data, batch by batch, as arrays of NumPy's."""
        epochs = Epochs(make_adapter("predict()", x, batch_size=batch_size), steps)
        self._make_variables(epochs)
        callbacks = self._callbacks(callbacks, verbose, 1, epochs.num_batches, False)
        callbacks.on_predict_begin()
        function, outputs = self.predict_function, []
        self.__dict__["stop_predicting"] = False
        for step, batch in enumerate(epochs.batches()):
            callbacks.on_predict_batch_begin(step)
            outputs.append(function(batch))
            callbacks.on_predict_batch_end(step, {"outputs": outputs[-1]})
            if self.stop_predicting:
                break
        callbacks.on_predict_end()
        if not outputs:
            raise ValueError("predict() got no data")
        return _joined(outputs)

    # One batch.

    def train_on_batch(self, x, y=None, sample_weight=None, class_weight=None, return_dict=False,
                       reset_metrics=False):
        """One step on one batch; the loss and metrics since they were last reset."""
        self._check_compiled("train_on_batch()")
        logs = self._on_batch(self.make_train_function, x, y, sample_weight, class_weight,
                              reset_metrics)
        return logs if return_dict else self._in_order(logs)

    def test_on_batch(self, x, y=None, sample_weight=None, return_dict=False, reset_metrics=False):
        """The loss and metrics of one batch, and those since they were last reset."""
        self._check_compiled("test_on_batch()")
        logs = self._on_batch(self.make_test_function, x, y, sample_weight, None, reset_metrics)
        return logs if return_dict else self._in_order(logs)

    def _on_batch(self, make, x, y, sample_weight, class_weight, reset_metrics):
        if reset_metrics:
            self.reset_metrics()
        adapter = ArrayAdapter(x, y, sample_weight, class_weight=class_weight)
        adapter.batch_size = max(adapter._size, 1)
        self._make_variables(Epochs(adapter))
        batch = next(iter(adapter))
        return _sorted_numbers(self._logs(make()(batch)))

    def predict_on_batch(self, x):
        """The model's outputs for one batch, as arrays of NumPy's."""
        adapter = ArrayAdapter(x)
        adapter.batch_size = max(adapter._size, 1)
        self._make_variables(Epochs(adapter))
        return _joined([self.make_predict_function()(next(iter(adapter)))])

    # Configs of compile().

    def get_compile_config(self):
        """What compile() was given, as a config; None where it wasn't called."""
        from .._registry import serialize

        if not self.compiled:
            return None
        return {key: serialize(value) for key, value in self._compile_arguments.items()}

    def compile_from_config(self, config):
        """Calls compile() as `get_compile_config` tells."""
        from .. import losses, metrics, optimizers
        from .._registry import deserialize

        homes = {"optimizer": optimizers, "loss": losses, "metrics": metrics,
                 "weighted_metrics": metrics}
        arguments = {}
        for key, value in config.items():
            if isinstance(value, dict) and "class_name" in value and key in homes:
                arguments[key] = homes[key].deserialize(value)
            else:
                arguments[key] = deserialize(value)
        self.compile(**arguments)


@functools.lru_cache(maxsize=None)
def _takes_training(function):
    signature = CallSignature(function)
    return signature.takes_training or signature.takes_any


def _track(mean, value, count):
    """Takes a value that is the mean over `count` examples into a mean."""
    with no_grad():
        mean.total.add_(value.detach(), alpha=count)
        mean.count.add_(count)


def _is_due(epoch, frequency):
    """Whether there is validation after this epoch."""
    if isinstance(frequency, int):
        return (epoch + 1) % frequency == 0
    return epoch + 1 in frequency


def _flat(logs):
    """The logs with those of a metric that gives a dict among them."""
    if not isinstance(logs, dict) or not any(isinstance(one, dict) for one in logs.values()):
        return logs
    flat = {}
    for name, value in logs.items():
        flat.update(value if isinstance(value, dict) else {name: value})
    return flat


def _sorted_numbers(logs):
    return dict(sorted(numbers_of(logs).items()))


def _warn_of_nan(logs, epoch):
    loss = (logs or {}).get("loss")
    if isinstance(loss, float) and math.isnan(loss):
        warnings.warn(f"the loss is NaN after epoch {epoch + 1}: a smaller learning rate, clipnorm "
                      "in the optimizer, or inputs without NaN may help; "
                      "keras.callbacks.TerminateOnNaN stops at the first such batch",
                      RuntimeWarning, stacklevel=3)


def _joined(outputs):
    """The outputs of all batches as one structure of arrays."""
    def join(*parts):
        if not isinstance(parts[0], Tensor):
            import numpy

            return numpy.concatenate([numpy.asarray(part) for part in parts])
        parts = [part.detach() for part in parts]
        if parts[0].dtype is _core.bfloat16:  # which NumPy doesn't have
            parts = [part.to(_core.float32) for part in parts]
        whole = parts[0] if len(parts) == 1 else _core.cat(parts, 0)
        return whole.clone().numpy() if len(parts) == 1 else whole.numpy()

    return _tree.map_structure(join, *outputs)

