"""In what dtype layers keep their weights and compute."""

from . import _config
from ._arrays import dtype_name

_MIXED = {"mixed_float16": "float16", "mixed_bfloat16": "bfloat16"}


class DTypePolicy:
    """The dtypes of a layer by one name: "float32" for both, or "mixed_bfloat16" and
    "mixed_float16": float32 weights, computation in a half type."""

    def __init__(self, name=None):
        self.name = name if name in _MIXED else dtype_name(name)
        self.is_mixed = self.name in _MIXED

    @property
    def compute_dtype(self):
        return _MIXED.get(self.name, self.name)

    @property
    def variable_dtype(self):
        return "float32" if self.name in _MIXED else self.name

    def get_config(self):
        return {"name": self.name}

    @classmethod
    def from_config(cls, config):
        return cls(**config)

    def __eq__(self, other):
        return isinstance(other, DTypePolicy) and self.name == other.name

    def __hash__(self):
        return hash(self.name)

    def __repr__(self):
        return f'<DTypePolicy "{self.name}">'


Policy = DTypePolicy  # its name in tf.keras
_global = None


def dtype_policy():
    """The policy of layers that aren't given a dtype."""
    return DTypePolicy(_config.floatx()) if _global is None else _global


def set_dtype_policy(policy):
    """Layers that aren't given a dtype have this policy from now on."""
    global _global
    _global = None if policy is None else get(policy)


def get(identifier):
    """The policy that a `dtype` argument means."""
    if identifier is None:
        return dtype_policy()
    if isinstance(identifier, DTypePolicy):
        return identifier
    if isinstance(identifier, dict):
        return DTypePolicy(identifier.get("config", identifier)["name"])
    return DTypePolicy(identifier)


def serialize(policy):
    """What a config holds of a policy."""
    return {"module": "keras.dtype_policies", "class_name": "DTypePolicy",
            "config": policy.get_config(), "registered_name": None}


def deserialize(config, custom_objects=None):
    """The policy of a config."""
    return get(config)
