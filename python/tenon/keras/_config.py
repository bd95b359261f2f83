"""What holds for all of Keras: the dtype of floats, the fuzz factor and where channels stand."""

_settings = {"floatx": "float32", "epsilon": 1e-7, "image_data_format": "channels_last"}
_FLOATS = ("float16", "bfloat16", "float32", "float64")
_FORMATS = ("channels_last", "channels_first")


def floatx():
    """The name of the dtype that weights and inputs have where none is given."""
    return _settings["floatx"]


def set_floatx(value):
    """Weights and inputs are of this dtype where none is given."""
    if value not in _FLOATS:
        raise ValueError(f"set_floatx() takes one of {', '.join(_FLOATS)}, not {value!r}")
    _settings["floatx"] = value


def epsilon():
    """The small number that keeps logarithms and quotients finite."""
    return _settings["epsilon"]


def set_epsilon(value):
    """Sets the number of `epsilon()`."""
    _settings["epsilon"] = float(value)


def image_data_format():
    """Where channels stand: "channels_last" or "channels_first"."""
    return _settings["image_data_format"]


def set_image_data_format(data_format):
    """Sets where channels stand in layers that aren't told."""
    _settings["image_data_format"] = standardize_data_format(data_format)


def standardize_data_format(data_format):
    """A data format, the one that is set where it is None."""
    if data_format is None:
        return _settings["image_data_format"]
    data_format = str(data_format).lower()
    if data_format not in _FORMATS:
        raise ValueError(f"data_format is one of {', '.join(_FORMATS)}, not {data_format!r}")
    return data_format
