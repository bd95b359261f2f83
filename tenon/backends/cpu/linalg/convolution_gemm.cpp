#include "tenon/backends/cpu/linalg/convolution_gemm.h"

#include <algorithm>

#include "tenon/backends/cpu/linalg/convolution_columns.h"
#include "tenon/backends/cpu/linalg/scratch.h"
#include "tenon/base/parallel.h"

namespace tenon::cpu {
namespace {

template <class T>
void unfold_channels(const ConvArgs& c, const GroupSizes& sizes, const T* x, T* columns) {
  for (int64_t i = 0; i < sizes.ic; ++i) unfold(c, sizes, i, 1, x, columns);
}

template <class T>
void fold_channels(const ConvArgs& c, const GroupSizes& sizes, const T* columns, T* x) {
  for (int64_t i = 0; i < sizes.ic; ++i) fold(c, sizes, i, 1, columns, x);
}

template <class T>
T* columns_of(const char* call, const GroupSizes& sizes) {
  static Scratch scratch;
  return scratch.get_array<T>(static_cast<size_t>(sizes.depth * sizes.places), call);
}

template <class T>
void forward(const ConvArgs& c, const T* x, const T* w, const T* bias, T* y) {
  const GroupSizes sizes(c);
  parallel_for(c.n * c.groups, 1, [&](int64_t begin, int64_t end) {
    T* columns = columns_of<T>("convolution", sizes);
    for (int64_t i = begin; i < end; ++i) {
      const int64_t group = i % c.groups;
      T* out = y + i * sizes.oc * sizes.places;
      unfold_channels(c, sizes, x + i * sizes.ic * sizes.in_plane, columns);
      for (int64_t o = 0; bias && o < sizes.oc; ++o) {
        std::fill(out + o * sizes.places, out + (o + 1) * sizes.places, bias[group * sizes.oc + o]);
      }
      multiply(sizes.oc, sizes.places, sizes.depth, w + group * sizes.oc * sizes.depth, false,
               columns, false, out, bias != nullptr);
    }
  });
}

template <class T>
void backward_data(const ConvArgs& c, const T* dy, const T* w, T* dx) {
  const GroupSizes sizes(c);
  parallel_for(c.n * c.groups, 1, [&](int64_t begin, int64_t end) {
    T* columns = columns_of<T>("convolution", sizes);
    for (int64_t i = begin; i < end; ++i) {
      multiply(sizes.depth, sizes.places, sizes.oc, w + i % c.groups * sizes.oc * sizes.depth, true,
               dy + i * sizes.oc * sizes.places, false, columns, false);
      fold_channels(c, sizes, columns, dx + i * sizes.ic * sizes.in_plane);
    }
  });
}

template <class T>
void backward_weights(const ConvArgs& c, const T* x, const T* dy, T* dw) {
  constexpr int64_t kParts = 16;
  static Scratch scratch;
  const GroupSizes sizes(c);
  const int64_t weights = c.oc * sizes.depth;
  const int64_t images = std::max<int64_t>(1, (c.n + kParts - 1) / kParts);
  const int64_t parts = (c.n + images - 1) / images;
  T* sums = scratch.get_array<T>(static_cast<size_t>(parts * weights), "convolution");
  parallel_for(parts * c.groups, 1, [&](int64_t begin, int64_t end) {
    T* columns = columns_of<T>("convolution", sizes);
    for (int64_t piece = begin; piece < end; ++piece) {
      const int64_t part = piece / c.groups, group = piece % c.groups;
      T* sum = sums + part * weights + group * sizes.oc * sizes.depth;
      for (int64_t s = part * images; s < std::min(c.n, (part + 1) * images); ++s) {
        const int64_t i = s * c.groups + group;
        unfold_channels(c, sizes, x + i * sizes.ic * sizes.in_plane, columns);
        multiply(sizes.oc, sizes.depth, sizes.places, dy + i * sizes.oc * sizes.places, false,
                 columns, true, sum, s > part * images);
      }
    }
  });
  parallel_for(weights, 16384, [&](int64_t begin, int64_t end) {
    std::fill(dw + begin, dw + end, T(0));
    for (int64_t part = 0; part < parts; ++part) {
      for (int64_t i = begin; i < end; ++i) dw[i] += sums[part * weights + i];
    }
  });
}

/// Calls `body(T())` with the floating type of the convolution.
template <class Body>
void with_type(DType dtype, Body body) {
  dtype == kFloat64 ? body(double()) : body(float());
}

}  // namespace

void conv_gemm_forward(const ConvArgs& args, const void* x, const void* w, const void* bias,
                       void* y) {
  with_type(args.dtype, [&]<class T>(T) {
    forward(args, static_cast<const T*>(x), static_cast<const T*>(w), static_cast<const T*>(bias),
            static_cast<T*>(y));
  });
}

void conv_gemm_backward_data(const ConvArgs& args, const void* dy, const void* w, void* dx) {
  with_type(args.dtype, [&]<class T>(T) {
    backward_data(args, static_cast<const T*>(dy), static_cast<const T*>(w), static_cast<T*>(dx));
  });
}

void conv_gemm_backward_weights(const ConvArgs& args, const void* x, const void* dy, void* dw,
                                void* dbias) {
  with_type(args.dtype, [&]<class T>(T) {
    backward_weights(args, static_cast<const T*>(x), static_cast<const T*>(dy),
                     static_cast<T*>(dw));
    if (dbias) backward_bias(args, static_cast<const T*>(dy), static_cast<T*>(dbias));
  });
}

}  // namespace tenon::cpu
