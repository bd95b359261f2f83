"""CallbackList: several callbacks as one."""

from ..models.training import numbers_of
from .base import has_own
from .progress import History, ProgbarLogger


class CallbackList:
    """Calls all of `callbacks`, in their order; with a History and a progress bar where they are
    asked for and not among them."""

    def __init__(self, callbacks=None, add_history=False, add_progbar=False, model=None, **params):
        if callbacks is None:
            callbacks = []
        self.callbacks = list(callbacks) if isinstance(callbacks, (list, tuple)) else [callbacks]
        for callback in self.callbacks:
            if isinstance(callback, type) or not hasattr(callback, "set_model"):
                raise TypeError("`callbacks` holds instances of keras.callbacks.Callback, not "
                                f"{callback!r}")
        self._history = self._find(History)
        if self._history is None and add_history:
            self._history = History()
            self.callbacks.append(self._history)
        if add_progbar and self._find(ProgbarLogger) is None:
            self.callbacks.append(ProgbarLogger())
        if model is not None:
            self.set_model(model)
        self.set_params(params)
        self._wanting = {}

    def _find(self, kind):
        return next((one for one in self.callbacks if isinstance(one, kind)), None)

    def append(self, callback):
        self.callbacks.append(callback)
        self._wanting = {}

    def set_params(self, params):
        self.params = params
        for callback in self.callbacks:
            callback.set_params(params)

    def set_model(self, model):
        if self._history is not None:
            model.__dict__["history"] = self._history
        for callback in self.callbacks:
            callback.set_model(model)

    def wants(self, name):
        """Whether any callback does something when this method is called."""
        return bool(self._ones_with(name))

    def _ones_with(self, name):
        if name not in self._wanting:
            self._wanting[name] = [one for one in self.callbacks if has_own(one, name)]
        return self._wanting[name]

    def _call(self, name, *args):
        for callback in self._ones_with(name):
            getattr(callback, name)(*args)

    def _call_with_logs(self, name, batch, logs):
        """Most callbacks expect numbers; to wait for those is left to when one wants them."""
        numbers = None
        for callback in self._ones_with(name):
            if getattr(callback, "takes_tensors", False):
                getattr(callback, name)(batch, logs)
            else:
                if numbers is None:
                    numbers = numbers_of(logs) if isinstance(logs, dict) else {"loss": logs}
                getattr(callback, name)(batch, numbers)

    def on_train_batch_end(self, batch, logs=None):
        self._call_with_logs("on_train_batch_end", batch, logs or {})

    def on_test_batch_end(self, batch, logs=None):
        self._call_with_logs("on_test_batch_end", batch, logs or {})

    def on_predict_batch_end(self, batch, logs=None):
        self._call("on_predict_batch_end", batch, logs)

    on_batch_end = on_train_batch_end


def _calling(name, has_number):
    if has_number:
        def call(self, number, logs=None):
            self._call(name, number, logs if logs is not None else {})
    else:
        def call(self, logs=None):
            self._call(name, logs if logs is not None else {})
    call.__name__ = name
    return call


for _name in ("on_epoch_begin", "on_epoch_end", "on_train_batch_begin", "on_test_batch_begin",
              "on_predict_batch_begin"):
    setattr(CallbackList, _name, _calling(_name, True))
for _name in ("on_train_begin", "on_train_end", "on_test_begin", "on_test_end", "on_predict_begin",
              "on_predict_end"):
    setattr(CallbackList, _name, _calling(_name, False))
CallbackList.on_batch_begin = CallbackList.on_train_batch_begin
