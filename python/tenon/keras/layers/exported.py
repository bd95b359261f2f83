"""TFSMLayer: what Model.export wrote, as a layer."""

from .._layer import Layer


class TFSMLayer(Layer):
    """Calls a function, or a signature, of a folder that `Model.export` or `tf.saved_model.save`
    wrote. It has no weights that training changes, and no gradients pass through it."""

    def __init__(self, filepath, call_endpoint="serve", call_training_endpoint=None, trainable=True,
                 name=None, dtype=None):
        from ...tf import saved_model

        super().__init__(trainable=trainable, name=name, dtype=dtype)
        self.filepath = str(filepath)
        self.call_endpoint, self.call_training_endpoint = call_endpoint, call_training_endpoint
        restored = saved_model.load(filepath)
        self.__dict__["_function"] = self._endpoint(restored, call_endpoint)
        self.__dict__["_training_function"] = None if call_training_endpoint is None else \
            self._endpoint(restored, call_training_endpoint)

    def _endpoint(self, restored, name):
        if name in restored.signatures:
            return restored.signatures[name]
        if name not in restored.functions:
            raise ValueError(f"TFSMLayer(): {self.filepath} has no function {name!r}; it has "
                             f"{sorted({*restored.functions, *restored.signatures})}")
        return restored.functions[name]

    def call(self, inputs, training=False, **kwargs):
        function = self._function
        if training and self._training_function is not None:
            function = self._training_function
        return function(inputs, **kwargs)

    def get_config(self):
        return {**super().get_config(), "filepath": self.filepath,
                "call_endpoint": self.call_endpoint,
                "call_training_endpoint": self.call_training_endpoint}
