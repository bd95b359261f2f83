#pragma once

#include <string_view>

#include "tenon/dispatch/op_def.h"
#include "tenon/tile/builder.h"

namespace tenon::ops {

/// How a loss combines its elements; also the number of the variant of its program.
enum Reduction { kNone, kMean, kSum };

/// Throws ValueError that lists the three.
Reduction reduction_of(std::string_view call, std::string_view text);

/// For losses whose first attribute is the reduction, over tensors that broadcast:
/// the result, the row dims (all when reducing), the variant, and the store at the program's end.
Spec elementwise_loss_spec(const Call& call);
uint64_t elementwise_loss_rows(const Call& call, const Shape& space);
void store_reduced(tile::TileBuilder& t, tile::Value loss, int reduction);
/// What all inputs broadcast to.
Shape loss_sizes(const Saved& saved);
/// What the gradient of each element is multiplied by: 1 / n for the mean, else 1.
double gradient_scale(const Saved& saved, std::string_view reduction);

/// Applies a reduction to a loss that is already there.
Tensor reduce_loss(const Tensor& loss, Reduction reduction);

/// Samples of (input, target) for each reduction; `rest` are the attributes after it.
std::vector<Sample> loss_samples(double low, double high, std::vector<Attribute> rest = {},
                                 double target_low = -2, double target_high = 2);

}  // namespace tenon::ops
