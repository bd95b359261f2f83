"""Callback: methods that training calls."""


class Callback:
    """The base of callbacks: methods that subclasses define are called by fit(), evaluate() and
    predict(). `self.model` is the model, `self.params` what the loop was asked for; `logs` holds
    the metrics by name."""

    def __init__(self):
        self.params = None
        self._model = None

    def set_params(self, params):
        self.params = params

    def set_model(self, model):
        self._model = model

    @property
    def model(self):
        return self._model

    def on_batch_begin(self, batch, logs=None):
        """As on_train_batch_begin."""

    def on_batch_end(self, batch, logs=None):
        """As on_train_batch_end."""

    def on_epoch_begin(self, epoch, logs=None):
        """Before an epoch, in training alone."""

    def on_epoch_end(self, epoch, logs=None):
        """After an epoch and its validation; `logs` has both's metrics."""

    def on_train_batch_begin(self, batch, logs=None):
        """Before a batch of training."""
        self.on_batch_begin(batch, logs)

    def on_train_batch_end(self, batch, logs=None):
        """After a batch of training; `logs` has the metrics of the epoch so far."""
        self.on_batch_end(batch, logs)

    def on_test_batch_begin(self, batch, logs=None):
        """Before a batch of evaluation, which validation is, too."""

    def on_test_batch_end(self, batch, logs=None):
        """After a batch of evaluation."""

    def on_predict_batch_begin(self, batch, logs=None):
        """Before a batch of predict()."""

    def on_predict_batch_end(self, batch, logs=None):
        """After a batch of predict(); `logs` has its "outputs"."""

    def on_train_begin(self, logs=None):
        """When fit() begins."""

    def on_train_end(self, logs=None):
        """When fit() ends; `logs` are those of the last epoch."""

    def on_test_begin(self, logs=None):
        """When evaluation begins."""

    def on_test_end(self, logs=None):
        """When evaluation ends."""

    def on_predict_begin(self, logs=None):
        """When predict() begins."""

    def on_predict_end(self, logs=None):
        """When predict() ends."""


#: What a method's default calls: a callback that defines that one has this one, too.
_ALSO = {"on_train_batch_begin": "on_batch_begin", "on_train_batch_end": "on_batch_end"}


def has_own(callback, name):
    """Whether a callback does anything when this method is called."""
    method = getattr(callback, name, None)
    if method is None:
        return False
    if getattr(method, "__func__", None) is not getattr(Callback, name):
        return True
    return name in _ALSO and has_own(callback, _ALSO[name])
