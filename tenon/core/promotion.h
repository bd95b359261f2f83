#pragma once

#include <array>
#include <span>

#include "tenon/core/scalar.h"
#include "tenon/core/tensor.h"

namespace tenon {

/// What the operands of one call promote to, which is PyTorch's rule: of bool < integer < floating
/// < complex, tensors with dims outrank 0-d ones, and these the host's numbers (`x * 0.5`), unless
/// a lower rank is of a higher category. So float32 with dims times a 0-d float64 is float32, an
/// int32 one times it float64, and a float32 one times a 0-d complex128 complex64: the category
/// comes from the lower rank, the precision from the higher. Within one rank, `promote` says. Ranks
/// are known when a call is typed, so that eager and compiled calls agree.
class TENON_API Promotion {
 public:
  void add(const Tensor& operand);
  void add(const Scalar& number);
  /// The default dtype where nothing was added.
  DType result() const;

 private:
  static constexpr int kRanks = 3;
  static constexpr auto kNone = static_cast<DType>(kDTypeCount);

  void add(int rank, DType dtype) {
    DType& known = dtypes_[rank];
    if (known != dtype) known = known == kNone ? dtype : promote(known, dtype);
  }

  std::array<DType, kRanks> dtypes_ = {kNone, kNone, kNone};  ///< the highest rank first
};

/// The dtype that an op on all of `operands` computes in. Undefined tensors don't count.
TENON_API DType result_type(std::span<const Tensor* const> operands);

/// bool < integer < floating < complex.
constexpr int category_of(DType dtype) {
  return is_complex(dtype) ? 3 : is_floating(dtype) ? 2 : dtype == kBool ? 0 : 1;
}

/// Whether results of one dtype may be written where another is: of its category or a higher one.
constexpr bool can_cast(DType from, DType to) { return category_of(from) <= category_of(to); }

}  // namespace tenon
