"""Models as programs: Model.export, which tf.saved_model writes."""

from .. import _tree


def export(model, filepath, format, input_signature=None):
    """Writes the model's call as the function `serve` and the signature "serving_default"."""
    from ...tf import saved_model

    if format != "tf_saved_model":
        raise ValueError(f"export(): format is 'tf_saved_model', not {format!r}")
    functions = endpoints(model, input_signature)
    signatures = {saved_model.DEFAULT_SERVING_SIGNATURE_DEF_KEY: functions["serve"]}
    saved_model.write(filepath, functions, signatures, model.state_dict())


def endpoints(model, input_signature=None):
    """The model's call, without training, by the names that loaded models have for it."""
    from ...tf import saved_model

    def serve(inputs, *others):
        return model(inputs, *others, training=False)

    endpoint = saved_model.Endpoint(serve, *_signature(model, input_signature))
    return {"serve": endpoint, "__call__": endpoint}


def _signature(model, given):
    """The specs of the model's arguments, and its names for the inputs."""
    from ...tf import TensorSpec

    if given is not None:
        return tuple(given) if isinstance(given, (list, tuple)) else (given,), None
    if getattr(model, "_graph", None) is not None:
        names = []

        def spec(tensor):
            names.append(tensor.name)
            return TensorSpec(tensor.shape, tensor.dtype, tensor.name)

        return (_tree.map_structure(spec, model._graph.inputs_struct),), names
    shapes = model.__dict__.get("_build_arguments")
    if not shapes:
        raise ValueError(f"export(): model {model.name!r} doesn't know the shapes of its inputs: "
                         "call it with data first, or give input_signature")

    return tuple(_tree.map_shapes(lambda shape: TensorSpec((None, *shape[1:]), model.compute_dtype),
                                  shape) for shape in shapes.values()), None
