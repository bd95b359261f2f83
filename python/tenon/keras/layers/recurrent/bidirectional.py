"""Bidirectional: a recurrent layer forward, and one backward."""

from .... import _core
from ..._layer import Layer
from ..._registry import deserialize, serialize


_NEEDED = ("go_backwards", "return_sequences", "return_state", "stateful")


class Bidirectional(Layer):
    """The outputs of a recurrent layer, and of another one (a copy with weights of its own, where
    none is given) over the steps from the last to the first: behind each other ("concat"), their
    "sum", product ("mul") or mean ("ave"), or both (None)."""

    def __init__(self, layer, merge_mode="concat", weights=None, backward_layer=None, **kwargs):
        super().__init__(**kwargs)
        if not isinstance(layer, Layer):
            raise ValueError(f"Bidirectional() wraps a layer, not {type(layer).__name__}")
        missing = [name for name in _NEEDED if not hasattr(layer, name)]
        if missing:
            raise ValueError("Bidirectional() wraps a recurrent layer, such as LSTM: "
                             f"{type(layer).__name__} has no {', '.join(missing)}")
        if merge_mode not in ("sum", "mul", "ave", "concat", None):
            raise ValueError("Bidirectional(): merge_mode is sum, mul, ave, concat or None, not "
                             f"{merge_mode!r}")
        self.forward_layer = self._copied(layer, "forward", layer.go_backwards)
        self.backward_layer = backward_layer or self._copied(layer, "backward",
                                                             not layer.go_backwards)
        self._check_pair()
        for one in (self.forward_layer, self.backward_layer):
            if hasattr(one, "zero_output_for_mask"):
                one.zero_output_for_mask = one.return_sequences
        self.merge_mode = merge_mode
        self.return_sequences, self.return_state = layer.return_sequences, layer.return_state
        self.stateful = layer.stateful
        self.supports_masking = True
        self._given_weights = weights
        self._given_backward = backward_layer is not None
        if self.__dict__["_input_shape"] is None:
            self.__dict__["_input_shape"] = layer.__dict__.get("_input_shape")

    @staticmethod
    def _copied(layer, direction, backwards):
        config = serialize(layer)
        config.pop("build_config", None)
        name = layer.name.removeprefix(f"{direction}_")
        config["config"] = {**config["config"], "name": f"{direction}_{name}",
                            "go_backwards": backwards}
        return deserialize(config, {type(layer).__name__: type(layer)})

    def _check_pair(self):
        one, other = self.forward_layer, self.backward_layer
        if one.go_backwards == other.go_backwards:
            raise ValueError("Bidirectional(): one layer goes forward, the other backward")
        for name in "return_sequences", "return_state", "stateful":
            if getattr(one, name) != getattr(other, name):
                raise ValueError(f"Bidirectional(): both layers have one {name}, not "
                                 f"{getattr(one, name)} and {getattr(other, name)}")

    @property
    def layer(self):
        return self.forward_layer

    def build(self, sequences_shape, initial_state_shape=None):
        for one in (self.forward_layer, self.backward_layer):
            if not one.built:
                one.build(sequences_shape)
        if self._given_weights:
            self.set_weights(self._given_weights)

    def call(self, sequences, initial_state=None, mask=None, training=None):
        states = [None, None]
        if initial_state is not None:
            half = len(initial_state) // 2
            states = [list(initial_state[:half]), list(initial_state[half:])]
        results = [one(sequences, initial_state=state, mask=mask, training=training)
                   for one, state in zip((self.forward_layer, self.backward_layer), states)]
        ends = ()
        if self.return_state:
            ends = (*results[0][1:], *results[1][1:])
            results = [result[0] for result in results]
        if self.return_sequences:
            results[1] = results[1].flip(1)
        merged = self._merged(*results)
        if not self.return_state:
            return merged
        return (*merged, *ends) if self.merge_mode is None else (merged, *ends)

    def _merged(self, one, other):
        if self.merge_mode == "concat":
            return _core.cat([one, other], -1)
        if self.merge_mode == "sum":
            return one + other
        if self.merge_mode == "ave":
            return (one + other) / 2
        return one * other if self.merge_mode == "mul" else (one, other)

    def compute_output_shape(self, sequences_shape, initial_state_shape=None):
        shape, ends = self.forward_layer.compute_output_shape(sequences_shape), ()
        if self.return_state:
            shape, ends = shape[0], (*shape[1:], *shape[1:])
        if self.merge_mode == "concat":
            shape = (*shape[:-1], 2 * shape[-1])
        shapes = (shape, shape) if self.merge_mode is None else (shape,)
        return (*shapes, *ends) if len(shapes) + len(ends) > 1 else shape

    def compute_mask(self, inputs, mask=None):
        shown = mask if self.return_sequences else None
        outputs = [shown, shown] if self.merge_mode is None else [shown]
        if self.return_state:
            return outputs + [None] * 2 * len(self.forward_layer.state_size)
        return outputs if self.merge_mode is None else shown

    def reset_state(self):
        """States are zeros again."""
        self.forward_layer.reset_state()
        self.backward_layer.reset_state()

    reset_states = reset_state

    def get_config(self):
        config = {**super().get_config(), "layer": serialize(self.forward_layer),
                  "merge_mode": self.merge_mode}
        config["layer"].pop("build_config", None)
        if self._given_backward:
            config["backward_layer"] = serialize(self.backward_layer)
            config["backward_layer"].pop("build_config", None)
        return config

    @classmethod
    def from_config(cls, config):
        known = {name: deserialize(value) if name in ("layer", "backward_layer") else value
                 for name, value in config.items()}
        return cls(**known)
