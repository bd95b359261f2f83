"""Model: a layer that is trained, saved and shown as a whole."""

from .. import _tree
from .._layer import Layer, default, is_default
from .._symbolic import KerasTensor
from .._tracking import Structure
from .graph import Graph
from .training import Training


def _is_functional(args, kwargs):
    """Whether the arguments of Model() are the inputs and outputs of a functional model."""
    if len(args) >= 2 or "outputs" in kwargs or "inputs" in kwargs:
        return True
    return len(args) == 1 and isinstance(args[0], KerasTensor)


class Model(Training, Layer):
    """A model: of symbolic inputs and outputs, Model(inputs, outputs), or a subclass with `call`.

        inputs = keras.Input(shape=(784,))
        hidden = layers.Dense(64, activation="relu")(inputs)
        outputs = layers.Dense(10, activation="softmax")(hidden)
        model = keras.Model(inputs, outputs)
    """

    def __new__(cls, *args, **kwargs):
        if cls is Model and _is_functional(args, kwargs):
            from .functional import Functional

            return super().__new__(Functional, *args, **kwargs)
        return super().__new__(cls, *args, **kwargs)

    def __init__(self, *args, **kwargs):
        graph = None
        if _is_functional(args, kwargs):
            names = ("inputs", "outputs", "name")
            if len(args) > len(names):
                raise TypeError(f"Model() takes inputs, outputs and name, not {len(args)} "
                                "arguments")
            named = dict(zip(names, args))
            twice = sorted(set(named) & set(kwargs))
            if twice:
                raise TypeError(f"Model() got multiple values for argument '{twice[0]}'")
            kwargs = {**named, **kwargs}
            if "inputs" not in kwargs or "outputs" not in kwargs:
                raise ValueError("Model() needs both `inputs` and `outputs`")
            graph = Graph(kwargs.pop("inputs"), kwargs.pop("outputs"))
        elif args:
            kwargs["name"], = args
        super().__init__(**kwargs)
        self.__dict__["_graph"] = None
        self._init_training()
        if graph is not None:
            self._set_graph(graph)

    def _set_graph(self, graph):
        """This model computes what the graph does, from now on."""
        state = self.__dict__
        state["_graph"], state["built"] = graph, True
        for operation in graph.operations:
            if isinstance(operation, Layer) and all(
                    operation is not known for known in self._modules.values()):
                self._add_layer(operation)
        Structure.changed()

    def _add_layer(self, layer):
        """Takes in a layer that is no attribute."""
        self._modules[layer.name] = layer
        self.__dict__.setdefault("_layer_keys", set()).add(layer.name)

    # What it holds.

    @property
    def layers(self):
        """The layers right below the model."""
        if self._graph is not None:
            return [one for one in self._graph.operations if isinstance(one, Layer)]
        return [one for one in self._inner_layers() if isinstance(one, Layer)]

    @property
    def operations(self):
        """The layers and the functions of symbolic tensors."""
        return self.layers if self._graph is None else list(self._graph.operations)

    def get_layer(self, name=None, index=None):
        """The layer of a name or of a number."""
        if (name is None) == (index is None):
            raise ValueError("get_layer() takes either `name` or `index`")
        layers = self.layers
        if index is not None:
            if not -len(layers) <= index < len(layers):
                raise ValueError(f"Was asked to retrieve layer at index {index} but model only has "
                                 f"{len(layers)} layers.")
            return layers[index]
        for layer in layers:
            if layer.name == name:
                return layer
        raise ValueError(f"No such layer: {name}. Existing layers are: "
                         f"{[layer.name for layer in layers]}.")

    def _symbolic(self, what):
        if self._graph is None:
            raise AttributeError(f"model {self.name!r} has no {what}: it isn't a functional model, "
                                 "and hasn't been built from an Input")
        return self._graph

    @property
    def inputs(self):
        """The symbolic inputs of a functional model."""
        return self._symbolic("inputs").inputs

    @property
    def outputs(self):
        """The symbolic outputs of a functional model."""
        return self._symbolic("outputs").outputs

    @property
    def input(self):
        return self._symbolic("input").inputs_struct

    @property
    def output(self):
        return self._symbolic("output").outputs_struct

    @property
    def input_names(self):
        return [layer.name for layer in self._symbolic("input_names").input_layers]

    @property
    def output_names(self):
        """The names of the layers that give the outputs."""
        return [tensor._keras_history[0].operation.name for tensor in self.outputs]

    # Calls.

    @default
    def call(self, inputs=None, training=None, mask=None):
        """What the model computes: of a subclass that was made of inputs and outputs, its graph."""
        if self._graph is not None:
            from .functional import run_graph

            return run_graph(self, inputs, mask)
        raise NotImplementedError(f"Model {type(self).__name__} does not have a `call()` method "
                                  "implemented.")

    @default
    def build(self, input_shape=None):
        """Makes the variables, for inputs of this shape, in which None is any size."""
        if self.__dict__["built"] or input_shape is None:
            self.__dict__["built"] = True
            return
        self.__dict__["built"] = True
        self.compute_output_spec(self._of_shapes(input_shape))
        self.__dict__["_build_arguments"] = {"input_shape": input_shape}

    build._sets_built = True

    def build_from_config(self, config):
        """Makes the variables, for inputs of the shapes that a file tells."""
        if not is_default(self.build):
            super().build_from_config(config)
        elif config.get("shapes_dict"):
            self.__dict__["built"] = True
            self.compute_output_spec(**{
                name.removesuffix("_shape"): self._of_shapes(shape)
                for name, shape in config["shapes_dict"].items()})
        else:
            self.build(config.get("input_shape"))

    def _of_shapes(self, shapes):
        return _tree.map_shapes(lambda shape: KerasTensor(shape, self.compute_dtype), shapes)

    @classmethod
    def from_config(cls, config):
        """The model of a config, of a functional one, too."""
        if cls is Model and "input_layers" in config:
            from .functional import Functional

            return Functional.from_config(config)
        return super().from_config(config)

    # Files, texts and drawings.

    def save(self, filepath, overwrite=True, zipped=None, include_optimizer=True, **options):
        """Writes the model as one file, which keras.models.load_model() reads."""
        from .saving import save_model

        save_model(self, filepath, overwrite, include_optimizer)

    def export(self, filepath, format="tf_saved_model", verbose=None, input_signature=None, **_):
        """Writes the model's call, without training, to a folder for `tf.saved_model.load` and
        `layers.TFSMLayer`: a program that runs without the model's code. `input_signature` is a
        list of `tf.TensorSpec`s, where the model doesn't know its inputs' shapes."""
        from .exporting import export

        export(self, filepath, format, input_signature)

    def _endpoints(self):
        from .exporting import endpoints

        return endpoints(self)

    def save_weights(self, filepath, overwrite=True, **options):
        """Writes the variables as one file."""
        from .saving import save_weights

        save_weights(self, filepath, overwrite)

    def load_weights(self, filepath, skip_mismatch=False, **options):
        """Sets the variables to those of a file of save_weights() or save(), or of Keras's."""
        from .saving import load_weights

        load_weights(self, filepath, skip_mismatch)

    def to_json(self, **kwargs):
        """The config, with what compile() was given, as a text for model_from_json()."""
        from .configs import model_to_json

        return model_to_json(self, **kwargs)

    def summary(self, line_length=None, positions=None, print_fn=None, expand_nested=False,
                show_trainable=False, layer_range=None):
        """Prints a table of the layers, their outputs' shapes and their numbers of parameters."""
        from .summary import print_summary

        print_summary(self, line_length, positions, print_fn, expand_nested, show_trainable,
                      layer_range)
