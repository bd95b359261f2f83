"""tf.compat.v1: TensorFlow 1's names, of what runs without graphs and sessions. Names that are the
same in both versions are those of `tenon.tf`."""

import importlib as _importlib

from ._changing import (assign, assign_add, assign_sub, div, scatter_add,  # noqa: F401
                        scatter_div, scatter_max, scatter_min, scatter_mul, scatter_nd_add,
                        scatter_nd_sub, scatter_nd_update, scatter_sub, scatter_update, to_bfloat16,
                        to_complex64, to_complex128, to_double, to_float, to_int32, to_int64)
from ._graphs import (AUTO_REUSE, ConfigProto, Dimension, GPUOptions, Graph,  # noqa: F401
                      GraphDef, GraphKeys, InteractiveSession, RunMetadata, RunOptions, Session,
                      add_to_collection, disable_control_flow_v2, disable_eager_execution,
                      disable_resource_variables, disable_v2_behavior, disable_v2_tensorshape,
                      enable_control_flow_v2, enable_eager_execution, enable_resource_variables,
                      enable_v2_behavior, enable_v2_tensorshape, get_collection, get_default_graph,
                      get_default_session, get_local_variable, get_variable, get_variable_scope,
                      global_variables, global_variables_initializer, initialize_all_variables,
                      local_variables, local_variables_initializer, model_variables, placeholder,
                      placeholder_with_default, reset_default_graph, tables_initializer,
                      trainable_variables, variable_scope, variables_initializer)
from ._reducing import (argmax, argmin, count_nonzero, expand_dims, multinomial,  # noqa: F401
                        norm, random_poisson, reduce_all, reduce_any, reduce_logsumexp, reduce_max,
                        reduce_mean, reduce_min, reduce_prod, reduce_sum, squeeze, string_split,
                        arg_max, arg_min)

#: TensorFlow 1's names of functions that have others now.
_RENAMED = {
    "ceil": "math.ceil", "lin_space": "linspace", "matrix_band_part": "linalg.band_part",
    "matrix_determinant": "linalg.det", "matrix_diag": "linalg.diag",
    "matrix_diag_part": "linalg.diag_part", "matrix_inverse": "linalg.inv",
    "matrix_set_diag": "linalg.set_diag", "matrix_solve": "linalg.solve",
    "matrix_solve_ls": "linalg.lstsq", "matrix_transpose": "linalg.matrix_transpose",
    "matrix_triangular_solve": "linalg.triangular_solve", "self_adjoint_eig": "linalg.eigh",
    "self_adjoint_eigvals": "linalg.eigvalsh", "diag": "linalg.tensor_diag",
    "diag_part": "linalg.tensor_diag_part", "random_normal": "random.normal",
    "random_uniform": "random.uniform", "truncated_normal": "random.truncated_normal",
    "random_shuffle": "random.shuffle", "random_gamma": "random.gamma",
    "random_crop": "image.random_crop", "set_random_seed": "random.set_seed",
    "string_join": "strings.join", "string_strip": "strings.strip",
    "string_to_number": "strings.to_number", "string_to_hash_bucket_fast":
    "strings.to_hash_bucket_fast", "string_to_hash_bucket_strong": "strings.to_hash_bucket_strong",
    "reduce_join": "strings.reduce_join", "regex_replace": "strings.regex_replace",
    "substr": "strings.substr", "decode_csv": "io.decode_csv", "decode_raw": "io.decode_raw",
    "decode_base64": "io.decode_base64", "encode_base64": "io.encode_base64",
    "matching_files": "io.matching_files", "parse_example": "io.parse_example",
    "parse_single_example": "io.parse_single_example",
    "parse_single_sequence_example": "io.parse_single_sequence_example",
    "parse_tensor": "io.parse_tensor", "read_file": "io.read_file", "write_file": "io.write_file",
    "serialize_tensor": "io.serialize_tensor", "FixedLenFeature": "io.FixedLenFeature",
    "FixedLenSequenceFeature": "io.FixedLenSequenceFeature", "VarLenFeature": "io.VarLenFeature",
    "sparse_add": "sparse.add", "sparse_concat": "sparse.concat",
    "sparse_fill_empty_rows": "sparse.fill_empty_rows", "sparse_maximum": "sparse.maximum",
    "sparse_minimum": "sparse.minimum", "sparse_reduce_max": "sparse.reduce_max",
    "sparse_reduce_sum": "sparse.reduce_sum", "sparse_reorder": "sparse.reorder",
    "sparse_reset_shape": "sparse.reset_shape", "sparse_reshape": "sparse.reshape",
    "sparse_retain": "sparse.retain", "sparse_segment_mean": "sparse.segment_mean",
    "sparse_segment_sqrt_n": "sparse.segment_sqrt_n", "sparse_segment_sum": "sparse.segment_sum",
    "sparse_slice": "sparse.slice", "sparse_softmax": "sparse.softmax",
    "sparse_split": "sparse.split", "sparse_tensor_dense_matmul": "sparse.sparse_dense_matmul",
    "sparse_tensor_to_dense": "sparse.to_dense", "sparse_to_indicator": "sparse.to_indicator",
    "sparse_transpose": "sparse.transpose", "tensor_scatter_add": "tensor_scatter_nd_add",
    "tensor_scatter_sub": "tensor_scatter_nd_sub",
    "tensor_scatter_update": "tensor_scatter_nd_update", "verify_tensor_all_finite":
    "debugging.assert_all_finite", "extract_image_patches": "image.extract_patches",
    "space_to_depth": "nn.space_to_depth", "depth_to_space": "nn.depth_to_space",
    "batch_to_space_nd": "batch_to_space", "where_v2": "where", "reverse_v2": "reverse",
    "py_func": "numpy_function", "div_no_nan": "math.divide_no_nan", "floor_div": "math.floordiv",
    "mod": "math.floormod", "OpError": "errors.OpError",
    "glorot_normal_initializer": "keras.initializers.GlorotNormal",
    "glorot_uniform_initializer": "keras.initializers.GlorotUniform",
    "orthogonal_initializer": "keras.initializers.Orthogonal",
    "truncated_normal_initializer": "keras.initializers.TruncatedNormal",
    "variance_scaling_initializer": "keras.initializers.VarianceScaling"}
#: Names that were at the top and are in one of these now.
_WITHIN = ("math", "linalg", "signal", "debugging", "nn", "strings", "random")
_PARTS = ("data", "gfile", "image", "initializers", "logging", "losses", "nn", "python_io",
          "random",
          "spectral", "train")


def _now(path):
    made = _importlib.import_module("...", __name__)
    for part in path.split("."):
        made = getattr(made, part)
    return made


def __getattr__(name):
    if name.startswith("__") and name != "__version__":
        raise AttributeError(f"module 'tenon.tf.compat.v1' has no attribute '{name}'")
    if name in _PARTS:
        return _importlib.import_module(f".{name}", __name__)
    if name in _RENAMED:
        return _now(_RENAMED[name])
    for path in (name, *(f"{part}.{name}" for part in _WITHIN)):
        try:
            return _now(path)
        except AttributeError:
            continue
    raise AttributeError(f"module 'tenon.tf.compat.v1' has no attribute '{name}'; what needs "
                         "graphs and sessions isn't there")
