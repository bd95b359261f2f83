"""What is at hand around models: names, files, drawings, data."""

import importlib

#: Where names come from that are looked up when they are first used, as seen from tenon.keras.
_HOMES = {
    "_arrays": ("standardize_dtype",),
    "_names": ("clear_session", "get_uid"),
    "_registry": ("CustomObjectScope", "custom_object_scope", "deserialize_keras_object",
                  "get_custom_objects", "get_registered_name", "get_registered_object",
                  "register_keras_serializable", "serialize_keras_object"),
    "_seeds": ("set_random_seed",),
    "_symbolic": ("is_keras_tensor",),
    "callbacks.progress": ("Progbar",),
    "utils.pipelines": ("image_dataset_from_directory", "split_dataset",
                        "text_dataset_from_directory", "timeseries_dataset_from_array"),
    "models.data_adapter": ("pack_x_y_sample_weight", "unpack_x_y_sample_weight"),
    "models.plot": ("model_to_dot", "plot_model"),
    "models.py_dataset": ("PyDataset", "Sequence"),
    "utils.arrays": ("normalize", "to_categorical"),
    "utils.files": ("get_file",),
    "utils.images": ("array_to_img", "img_to_array", "load_img", "save_img"),
    "utils.sequences": ("pad_sequences",),
}
_NAMES = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name):
    if name in _NAMES:
        return getattr(importlib.import_module(f"..{_NAMES[name]}", __name__), name)
    raise AttributeError(f"module 'tenon.keras.utils' has no attribute '{name}'")


def __dir__():
    return sorted({*globals(), *_NAMES})
