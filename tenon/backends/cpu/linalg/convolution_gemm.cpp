#include "tenon/backends/cpu/linalg/convolution_gemm.h"

#include <algorithm>

#include "tenon/backends/cpu/linalg/matmul.h"
#include "tenon/backends/cpu/linalg/scratch.h"
#include "tenon/base/parallel.h"

namespace tenon::cpu {
namespace {

/// Sizes of one group of one image: its unfolded form is [depth, places].
struct GroupSizes {
  int64_t ic, oc, window, depth, places, in_plane;
  explicit GroupSizes(const ConvArgs& c)
      : ic(c.ic / c.groups),
        oc(c.oc / c.groups),
        window(c.kh * c.kw),
        depth(ic * window),
        places(c.oh * c.ow),
        in_plane(c.ih * c.iw) {}
};

/// The places [begin, end) of one output row at which a window column lies inside the input.
struct InsideRange {
  int64_t begin, end;
  InsideRange(int64_t offset, int64_t stride, int64_t in_size, int64_t out_size) {
    begin = offset >= 0 ? 0 : (-offset + stride - 1) / stride;
    end = offset >= in_size ? 0 : (in_size - offset + stride - 1) / stride;
    end = std::min(end, out_size);
    begin = std::min(begin, std::max<int64_t>(end, 0));
  }
};

/// Calls row(unfolded row, output row, input row or -1, column offset) for all of one channel.
template <class Row>
void for_each_row(const ConvArgs& c, Row row) {
  for (int64_t ky = 0; ky < c.kh; ++ky) {
    for (int64_t kx = 0; kx < c.kw; ++kx) {
      for (int64_t oy = 0; oy < c.oh; ++oy) {
        const int64_t iy = oy * c.stride_h - c.padding_h + ky * c.dilation_h;
        row(ky * c.kw + kx, oy, iy >= 0 && iy < c.ih ? iy : -1, kx * c.dilation_w - c.padding_w);
      }
    }
  }
}

template <class T>
void unfold(const ConvArgs& c, const GroupSizes& sizes, const T* x, T* columns) {
  for (int64_t channel = 0; channel < sizes.ic; ++channel) {
    const T* plane = x + channel * sizes.in_plane;
    T* rows = columns + channel * sizes.window * sizes.places;
    for_each_row(c, [&](int64_t r, int64_t oy, int64_t iy, int64_t offset) {
      T* to = rows + r * sizes.places + oy * c.ow;
      if (iy < 0) {
        std::fill(to, to + c.ow, T(0));
        return;
      }
      const InsideRange inside(offset, c.stride_w, c.iw, c.ow);
      const T* from = plane + iy * c.iw + offset;
      std::fill(to, to + inside.begin, T(0));
      if (c.stride_w == 1) {
        std::copy(from + inside.begin, from + std::max(inside.begin, inside.end),
                  to + inside.begin);
      } else {
        for (int64_t ox = inside.begin; ox < inside.end; ++ox) to[ox] = from[ox * c.stride_w];
      }
      std::fill(to + std::max(inside.begin, inside.end), to + c.ow, T(0));
    });
  }
}

/// The transpose of `unfold`: adds each unfolded value to the place it came from.
template <class T>
void fold(const ConvArgs& c, const GroupSizes& sizes, const T* columns, T* x) {
  std::fill(x, x + sizes.ic * sizes.in_plane, T(0));
  for (int64_t channel = 0; channel < sizes.ic; ++channel) {
    T* plane = x + channel * sizes.in_plane;
    const T* rows = columns + channel * sizes.window * sizes.places;
    for_each_row(c, [&](int64_t r, int64_t oy, int64_t iy, int64_t offset) {
      if (iy < 0) return;
      const T* from = rows + r * sizes.places + oy * c.ow;
      const InsideRange inside(offset, c.stride_w, c.iw, c.ow);
      T* to = plane + iy * c.iw + offset;
      for (int64_t ox = inside.begin; ox < inside.end; ++ox) to[ox * c.stride_w] += from[ox];
    });
  }
}

template <class T>
T* columns_of(const char* call, const GroupSizes& sizes) {
  static Scratch scratch;
  return scratch.get_array<T>(static_cast<size_t>(sizes.depth * sizes.places), call);
}

/// c[m, n] (+)= a b with a's and b's rows or, when turned, columns contiguous.
template <class T>
void multiply(int64_t m, int64_t n, int64_t k, const T* a, bool a_turned, const T* b, bool b_turned,
              T* c, bool accumulate) {
  MatmulArgs args;
  args.dtype = dtype_of<T>;
  args.m = m;
  args.n = n;
  args.k = k;
  args.a = a;
  args.a_row_stride = a_turned ? 1 : k;
  args.a_col_stride = a_turned ? m : 1;
  args.b = b;
  args.b_row_stride = b_turned ? 1 : n;
  args.b_col_stride = b_turned ? k : 1;
  args.c = c;
  args.c_row_stride = n;
  args.accumulate = accumulate;
  matmul(args);
}

template <class T>
void forward(const ConvArgs& c, const T* x, const T* w, const T* bias, T* y) {
  const GroupSizes sizes(c);
  parallel_for(c.n * c.groups, 1, [&](int64_t begin, int64_t end) {
    T* columns = columns_of<T>("convolution", sizes);
    for (int64_t i = begin; i < end; ++i) {
      const int64_t group = i % c.groups;
      T* out = y + i * sizes.oc * sizes.places;
      unfold(c, sizes, x + i * sizes.ic * sizes.in_plane, columns);
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
      fold(c, sizes, columns, dx + i * sizes.ic * sizes.in_plane);
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
        unfold(c, sizes, x + i * sizes.ic * sizes.in_plane, columns);
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

/// Sixteen running sums, which is a fixed order that vectors can follow.
template <class T>
T sum_of(const T* values, int64_t count) {
  constexpr int64_t kLanes = 16;
  T lanes[kLanes] = {};
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    for (int64_t lane = 0; lane < kLanes; ++lane) lanes[lane] += values[i + lane];
  }
  T sum = 0;
  for (; i < count; ++i) sum += values[i];
  for (const T lane : lanes) sum += lane;
  return sum;
}

template <class T>
void backward_bias(const ConvArgs& c, const T* dy, T* dbias) {
  const int64_t places = c.oh * c.ow;
  const int64_t grain = std::max<int64_t>(1, 65536 / std::max<int64_t>(1, c.n * places));
  parallel_for(c.oc, grain, [&](int64_t begin, int64_t end) {
    for (int64_t o = begin; o < end; ++o) {
      T sum = 0;
      for (int64_t s = 0; s < c.n; ++s) sum += sum_of(dy + (s * c.oc + o) * places, places);
      dbias[o] = sum;
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
