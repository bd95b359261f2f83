#pragma once

#include "tenon/base/export.h"
#include "tenon/dispatch/modes.h"

namespace tenon {

/// Mixed precision: within its life, each op that this thread calls gets its floating inputs in the
/// dtype that suits it (Micikevicius et al. 2018, "Mixed Precision Training"). With L the given
/// dtype, bfloat16 or float16:
///
/// - matmul, linear, conv1d, conv2d: op(L(x), L(w), ...), summed in float32; the result is L.
/// - Exp and log families, pow, reciprocal, rsqrt, tan, asin, acos, sinh, cosh, softplus, sums,
///   means, products, variances, norms, softmax, log_softmax, logsumexp, layer_norm, rms_norm,
///   group_norm, all losses: op(float32(x), ...); the result is float32.
/// - All others (arithmetic, relu, tanh, pooling, dropout, shape, ...): inputs as they come; of
///   several dtypes, the one that they promote to.
///
/// The reference pages say it op by op. float64, complex and integer inputs are never cast, and an
/// op of the first kind with such an input among its floating ones casts nothing. Writing in place
/// keeps the tensor's dtype and casts nothing.
///
/// A cast is an op like any other: it is differentiated, so the gradient of a float32 parameter
/// arrives in float32, and a compiled function fuses it. Within the outermost guard's life a
/// parameter (a leaf that wants a gradient) is cast once for each of its versions. Backward runs
/// without autocast, in the dtypes of the forward ops, wherever it is called.
///
///     const Autocast autocast(kBFloat16);
///     Tensor loss = cross_entropy(model(x), y);  // matmuls in bfloat16, the loss in float32
///
/// Guards nest; `Autocast(dtype, false)` turns autocast off within its life. Thread-local. Throws
/// DTypeError unless the dtype is bfloat16 or float16.
class TENON_API Autocast {
 public:
  explicit Autocast(DType dtype, bool enabled = true);
  ~Autocast();
  Autocast(const Autocast&) = delete;
  Autocast& operator=(const Autocast&) = delete;

 private:
  DType previous_;
};

/// Whether the calling thread is within an enabled `Autocast`.
inline bool is_autocast_enabled() { return modes().autocast != kFloat32; }

}  // namespace tenon
