"""Files of models, and the objects that they name."""

from ._registry import (CustomObjectScope, custom_object_scope, deserialize_keras_object,
                        get_custom_objects, get_registered_name, get_registered_object,
                        register_keras_serializable, serialize_keras_object)
from .models.saving import load_model, load_weights, save_model, save_weights

__all__ = ["CustomObjectScope", "custom_object_scope", "deserialize_keras_object",
           "get_custom_objects", "get_registered_name", "get_registered_object", "load_model",
           "load_weights", "register_keras_serializable", "save_model", "save_weights",
           "serialize_keras_object"]
