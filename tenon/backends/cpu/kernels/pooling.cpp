#include "tenon/backends/cpu/kernels/pooling.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "tenon/backends/cpu/kernels/pooling_kernels.h"
#include "tenon/backends/cpu/linalg/half_convert.h"
#include "tenon/backends/cpu/linalg/scratch.h"
#include "tenon/base/error.h"
#include "tenon/base/parallel.h"

namespace tenon::cpu {
namespace {

/// The type that sums are kept in.
template <class T>
using Sum = std::conditional_t<std::is_same_v<T, double>, double, float>;

/// The window of one output place along one dimension: `first` + j * step for the `count` values of
/// j that fall inside the input.
struct Window {
  int64_t first, count, step;
  Window(int64_t out, int64_t stride, int64_t padding, int64_t dilation, int64_t kernel,
         int64_t size)
      : step(dilation) {
    const int64_t begin = out * stride - padding;
    const int64_t skipped = begin < 0 ? (-begin + dilation - 1) / dilation : 0;
    first = begin + skipped * dilation;
    const int64_t fitting = first < size ? (size - first + dilation - 1) / dilation : 0;
    count = std::max<int64_t>(0, std::min(kernel - skipped, fitting));
  }
};

Window row_window(const PoolArgs& p, int64_t oy, int64_t dilation) {
  return Window(oy, p.stride_h, p.padding_h, dilation, p.kh, p.ih);
}
/// Of a whole row: they are the same in all rows of all planes, and take divisions.
std::vector<Window> col_windows(const PoolArgs& p, int64_t dilation) {
  std::vector<Window> windows;
  windows.reserve(static_cast<size_t>(p.ow));
  for (int64_t ox = 0; ox < p.ow; ++ox) {
    windows.emplace_back(ox, p.stride_w, p.padding_w, dilation, p.kw, p.iw);
  }
  return windows;
}

/// `body(plane)` for every plane, a fixed number of them on a thread at a time.
template <class Body>
void for_each_plane(const PoolArgs& p, Body body) {
  // Of a window, what lies inside the input.
  const int64_t window = std::min(p.kh, p.ih) * std::min(p.kw, p.iw);
  const int64_t work = std::max<int64_t>(1, std::max(p.ih * p.iw, p.oh * p.ow * window));
  parallel_for(p.planes, std::max<int64_t>(1, 32768 / work), [&](int64_t begin, int64_t end) {
    for (int64_t plane = begin; plane < end; ++plane) body(plane);
  });
}

template <class T>
bool is_larger(T candidate, T best) {
  if constexpr (std::is_integral_v<T>) {
    return candidate > best;
  } else {
    return candidate > best || candidate != candidate;  // a NaN wins, and stays
  }
}

/// Half types compare as floats.
template <class T>
using Compared = std::conditional_t<std::is_arithmetic_v<T>, T, float>;

template <class T>
void max_of_window(const T* plane, int64_t width, const Window& rows, const Window& cols, T* y,
                   int64_t* index) {
  int64_t at = rows.first * width + cols.first;
  auto best = static_cast<Compared<T>>(plane[at]);
  for (int64_t i = 0; i < rows.count; ++i) {
    const int64_t row = (rows.first + i * rows.step) * width;
    for (int64_t j = 0; j < cols.count; ++j) {
      const int64_t here = row + cols.first + j * cols.step;
      const auto candidate = static_cast<Compared<T>>(plane[here]);
      const bool larger = is_larger(candidate, best);
      best = larger ? candidate : best;
      at = larger ? here : at;
    }
  }
  *y = plane[at];
  if (index) *index = at;
}

template <class T>
constexpr bool kIsHalf = std::is_same_v<T, Float16> || std::is_same_v<T, BFloat16>;

/// The usual case, 2 x 2 windows side by side: no window arithmetic, no branches.
template <class T>
void max_of_pairs(const PoolArgs& p, const T* plane, T* y, int64_t* indices) {
  if constexpr (std::is_same_v<T, float>) {
    return max_of_pairs_plane(plane, p.iw, p.oh, p.ow, y, indices);
  }
  if constexpr (kIsHalf<T>) {
    static Scratch wide_scratch, result_scratch;
    float* const wide =
        wide_scratch.get_array<float>(static_cast<size_t>(p.ih * p.iw), "max_pool2d");
    float* const results =
        result_scratch.get_array<float>(static_cast<size_t>(p.oh * p.ow), "max_pool2d");
    half_to_float(dtype_of<T>, plane, wide, p.ih * p.iw);
    max_of_pairs_plane(wide, p.iw, p.oh, p.ow, results, indices);
    return float_to_half(dtype_of<T>, results, y, p.oh * p.ow);
  }
  for (int64_t oy = 0; oy < p.oh; ++oy) {
    const T* upper = plane + 2 * oy * p.iw;
    const T* lower = upper + p.iw;
    for (int64_t ox = 0; ox < p.ow; ++ox) {
      const auto pick = [](T a, T b, int64_t& at, int64_t b_at) {
        const bool larger = is_larger(b, a);
        at = larger ? b_at : at;
        return larger ? b : a;
      };
      const int64_t first = 2 * oy * p.iw + 2 * ox;
      int64_t at = first;
      T best = upper[2 * ox];
      best = pick(best, upper[2 * ox + 1], at, first + 1);
      best = pick(best, lower[2 * ox], at, first + p.iw);
      best = pick(best, lower[2 * ox + 1], at, first + p.iw + 1);
      y[oy * p.ow + ox] = best;
      if (indices) indices[oy * p.ow + ox] = at;
    }
  }
}

bool is_pairs(const PoolArgs& p) {
  return p.kh == 2 && p.kw == 2 && p.stride_h == 2 && p.stride_w == 2 && p.padding_h == 0 &&
         p.padding_w == 0 && p.dilation_h == 1 && p.dilation_w == 1 && 2 * p.oh <= p.ih &&
         2 * p.ow <= p.iw && p.ih <= INT32_MAX / p.iw;
}

/// Planes of float32 and halves in vectors of windows, of any size and step.
class VectorWindows {
 public:
  VectorWindows(const PoolArgs& p, const std::vector<Window>& cols)
      : p_(p),
        width_((p.ow + kWindowSlack - 1) * p.stride_w + (p.kw - 1) * p.dilation_w + 1 +
               2 * kWindowSlack) {
    for (const Window& window : cols) first_cols_.push_back(static_cast<int32_t>(window.first));
    first_cols_.resize(first_cols_.size() + kWindowSlack);
  }

  /// Places fit 31 bits, and what lies around the input stays small beside it.
  static bool fits(const PoolArgs& p) {
    constexpr int64_t kMost = INT32_MAX / 4;
    return p.ih <= kMost / p.iw && p.kw * p.dilation_w <= 64 && p.stride_w <= 8 &&
           p.padding_w <= 64 && p.ow >= 4;
  }

  template <class T>
  void run(const T* plane, T* y, int64_t* indices) const {
    static Scratch scratch;
    const auto padded_size = static_cast<size_t>(p_.ih * width_);
    float* const padded = scratch.get_array<float>(
        padded_size + static_cast<size_t>(p_.oh * p_.ow) + first_cols_.size(), "max_pool2d");
    float* const wide = padded + padded_size;
    auto* const first_places = reinterpret_cast<int32_t*>(wide + p_.oh * p_.ow);
    pad(plane, padded);
    float* results = wide;
    if constexpr (std::is_same_v<T, float>) results = y;
    for (int64_t oy = 0; oy < p_.oh; ++oy) {
      const Window rows = row_window(p_, oy, p_.dilation_h);
      const auto first = static_cast<int32_t>(rows.first * p_.iw);
      for (size_t i = 0; i < first_cols_.size(); ++i) first_places[i] = first + first_cols_[i];
      max_of_windows_row({padded + rows.first * width_, rows.count, rows.step * width_, p_.kw,
                          p_.dilation_w, p_.stride_w, p_.ow,
                          first - static_cast<int32_t>(p_.padding_w),
                          static_cast<int32_t>(rows.step * p_.iw), first_places,
                          results + oy * p_.ow, indices ? indices + oy * p_.ow : nullptr});
    }
    if constexpr (!std::is_same_v<T, float>) {
      float_to_half(dtype_of<T>, results, y, p_.oh * p_.ow);
    }
  }

 private:
  template <class T>
  void pad(const T* plane, float* padded) const {
    constexpr float kNever = -std::numeric_limits<float>::infinity();
    for (int64_t i = 0; i < p_.ih; ++i) {
      float* const row = padded + i * width_;
      const int64_t count = std::min(p_.iw, width_ - p_.padding_w);
      std::fill(row, row + p_.padding_w, kNever);
      if constexpr (std::is_same_v<T, float>) {
        std::copy(plane + i * p_.iw, plane + i * p_.iw + count, row + p_.padding_w);
      } else {
        half_to_float(dtype_of<T>, plane + i * p_.iw, row + p_.padding_w, count);
      }
      std::fill(row + p_.padding_w + count, row + width_, kNever);
    }
  }

  const PoolArgs& p_;
  int64_t width_;
  std::vector<int32_t> first_cols_;
};

template <class T>
void max_forward(const PoolArgs& p, const T* x, T* y, int64_t* indices) {
  const int64_t in_plane = p.ih * p.iw, out_plane = p.oh * p.ow;
  const std::vector<Window> cols = col_windows(p, p.dilation_w);
  std::optional<VectorWindows> vectors;
  if (VectorWindows::fits(p)) vectors.emplace(p, cols);
  for_each_plane(p, [&](int64_t plane) {
    const T* from = x + plane * in_plane;
    T* to = y + plane * out_plane;
    int64_t* at = indices ? indices + plane * out_plane : nullptr;
    if (is_pairs(p)) return max_of_pairs(p, from, to, at);
    if constexpr (std::is_same_v<T, float> || kIsHalf<T>) {
      if (vectors) return vectors->run(from, to, at);
    }
    for (int64_t oy = 0; oy < p.oh; ++oy) {
      const Window rows = row_window(p, oy, p.dilation_h);
      for (int64_t ox = 0; ox < p.ow; ++ox) {
        const int64_t place = oy * p.ow + ox;
        max_of_window(from, p.iw, rows, cols[static_cast<size_t>(ox)], to + place,
                      at ? at + place : nullptr);
      }
    }
  });
}

/// Sums a plane of gradients: `scatter(plane, sums)` adds to zeros. Halves are summed in float.
template <class T, class Scatter>
void scatter_planes(const PoolArgs& p, T* dx, Scatter scatter) {
  const int64_t in_plane = p.ih * p.iw;
  for_each_plane(p, [&](int64_t plane) {
    T* to = dx + plane * in_plane;
    if constexpr (std::is_same_v<T, Sum<T>>) {
      std::fill(to, to + in_plane, T(0));
      scatter(plane, to);
    } else {
      static Scratch scratch;
      float* const sums = scratch.get_array<float>(static_cast<size_t>(in_plane), "pooling");
      std::fill(sums, sums + in_plane, 0.0f);
      scatter(plane, sums);
      float_to_half(dtype_of<T>, sums, to, in_plane);
    }
  });
}

void check_places(const int64_t* places, int64_t count, int64_t size) {
  bool valid = true;
  // One unsigned comparison for both ends of the range.
  for (int64_t i = 0; i < count; ++i) {
    valid &= static_cast<uint64_t>(places[i]) < static_cast<uint64_t>(size);
  }
  if (valid) return;
  const int64_t* wrong = std::find_if(places, places + count,
                                      [&](int64_t place) { return place < 0 || place >= size; });
  fail<IndexError>("max_pool2d_backward",
                   "index " + std::to_string(*wrong) + " is outside a plane of " +
                       std::to_string(size) +
                       " elements; pass the indices that max_pool2d_with_indices gave");
}

template <class T>
void max_backward(const PoolArgs& p, const T* dy, const int64_t* indices, T* dx) {
  const int64_t out_plane = p.oh * p.ow;
  scatter_planes(p, dx, [&](int64_t plane, Sum<T>* sums) {
    const T* from = dy + plane * out_plane;
    const int64_t* at = indices + plane * out_plane;
    check_places(at, out_plane, p.ih * p.iw);
    for (int64_t i = 0; i < out_plane; ++i) sums[at[i]] += static_cast<Sum<T>>(from[i]);
  });
}

/// Places of a window that count in the mean, along one dimension: those inside the input, or
/// inside the padded input.
int64_t counted(const PoolArgs& p, const Window& window, int64_t out, int64_t stride,
                int64_t padding, int64_t kernel, int64_t size) {
  if (!p.count_include_pad) return window.count;
  const int64_t begin = out * stride - padding;
  return std::min(begin + kernel, size + padding) - begin;
}

/// Calls body(place, rows, cols, divisor) for every window of a plane.
template <class Body>
void for_each_mean(const PoolArgs& p, const std::vector<Window>& all_cols, Body body) {
  for (int64_t oy = 0; oy < p.oh; ++oy) {
    const Window rows = row_window(p, oy, 1);
    const int64_t height = counted(p, rows, oy, p.stride_h, p.padding_h, p.kh, p.ih);
    for (int64_t ox = 0; ox < p.ow; ++ox) {
      const Window& cols = all_cols[static_cast<size_t>(ox)];
      const int64_t width = counted(p, cols, ox, p.stride_w, p.padding_w, p.kw, p.iw);
      body(oy * p.ow + ox, rows, cols, height * width);
    }
  }
}

template <class T>
void avg_forward(const PoolArgs& p, const T* x, T* y) {
  const std::vector<Window> all_cols = col_windows(p, 1);
  for_each_plane(p, [&](int64_t plane) {
    const T* from = x + plane * p.ih * p.iw;
    T* to = y + plane * p.oh * p.ow;
    for_each_mean(p, all_cols,
                  [&](int64_t place, const Window& rows, const Window& cols, int64_t divisor) {
                    Sum<T> sum = 0;
                    for (int64_t i = 0; i < rows.count; ++i) {
                      const T* row = from + (rows.first + i) * p.iw + cols.first;
                      for (int64_t j = 0; j < cols.count; ++j) sum += static_cast<Sum<T>>(row[j]);
                    }
                    to[place] = T(sum / static_cast<Sum<T>>(divisor));
                  });
  });
}

template <class T>
void avg_backward(const PoolArgs& p, const T* dy, T* dx) {
  const std::vector<Window> all_cols = col_windows(p, 1);
  scatter_planes(p, dx, [&](int64_t plane, Sum<T>* sums) {
    const T* from = dy + plane * p.oh * p.ow;
    for_each_mean(
        p, all_cols, [&](int64_t place, const Window& rows, const Window& cols, int64_t divisor) {
          const Sum<T> share = static_cast<Sum<T>>(from[place]) / static_cast<Sum<T>>(divisor);
          for (int64_t i = 0; i < rows.count; ++i) {
            Sum<T>* row = sums + (rows.first + i) * p.iw + cols.first;
            for (int64_t j = 0; j < cols.count; ++j) row[j] += share;
          }
        });
  });
}

/// Calls `body(T())` with the C++ type of the dtype if it is one of `allowed`.
template <class Body>
void with_type(const char* call, DType dtype, DTypeSet allowed, Body body) {
  if (!contains(allowed, dtype)) {
    fail<DTypeError>(call, "expected one of " + to_string(allowed) + ", got " +
                               std::string(name_of(dtype)) + "; convert the tensor first");
  }
  visit_dtype(dtype, [&]<class Tag>(Tag) {
    using T = typename Tag::Type;
    if constexpr (contains(kRealSet, dtype_of<T>)) body(T());
  });
}

}  // namespace

void max_pool_forward(const PoolArgs& args, const void* x, void* y, int64_t* indices) {
  with_type("max_pool", args.dtype, kRealSet, [&]<class T>(T) {
    max_forward(args, static_cast<const T*>(x), static_cast<T*>(y), indices);
  });
}

void max_pool_backward(const PoolArgs& args, const void* dy, const int64_t* indices, void* dx) {
  with_type("max_pool", args.dtype, kFloatSet, [&]<class T>(T) {
    if constexpr (is_floating(dtype_of<T>)) {
      max_backward(args, static_cast<const T*>(dy), indices, static_cast<T*>(dx));
    }
  });
}

void avg_pool_forward(const PoolArgs& args, const void* x, void* y) {
  with_type("avg_pool", args.dtype, kFloatSet, [&]<class T>(T) {
    if constexpr (is_floating(dtype_of<T>)) {
      avg_forward(args, static_cast<const T*>(x), static_cast<T*>(y));
    }
  });
}

void avg_pool_backward(const PoolArgs& args, const void* dy, void* dx) {
  with_type("avg_pool", args.dtype, kFloatSet, [&]<class T>(T) {
    if constexpr (is_floating(dtype_of<T>)) {
      avg_backward(args, static_cast<const T*>(dy), static_cast<T*>(dx));
    }
  });
}

}  // namespace tenon::cpu
