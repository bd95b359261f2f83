#pragma once

#include <vector>

#include "tenon/dispatch/call.h"

namespace tenon::ops {

/// A tensor of numbers spread evenly over [low, high] in a shuffled, fixed order: no two are equal,
/// so that maxima have no ties and finite differences cross no kink by chance. float64.
TENON_API Tensor sample_tensor(IntList sizes, double low = -2, double high = 2, uint64_t seed = 1);
/// Complex numbers, both of whose parts are such. complex128.
TENON_API Tensor sample_complex(IntList sizes, double low = -2, double high = 2, uint64_t seed = 1);
/// Integers in [low, high), in a fixed pseudo-random order. int64 unless `dtype` says otherwise.
TENON_API Tensor sample_integers(IntList sizes, int64_t low, int64_t high, uint64_t seed = 1,
                                 DType dtype = kInt64);
/// True and false in a fixed pseudo-random order.
TENON_API Tensor sample_mask(IntList sizes, uint64_t seed = 1);

/// One tensor with values in [low, high]: matrix, vector, 0-d.
TENON_API std::vector<Sample> unary_samples(double low = -2, double high = 2,
                                            std::vector<Attribute> attributes = {});
/// Two tensors: equal sizes, either broadcast, 0-d. The second's values lie in [low, high].
TENON_API std::vector<Sample> binary_samples(double low = -2, double high = 2);
/// The same samples, marked as having no useful finite differences.
TENON_API std::vector<Sample> not_differentiable(std::vector<Sample> samples);

}  // namespace tenon::ops
