#include <algorithm>
#include <cstring>

#include "tenon/data/gather_internal.h"

namespace tenon::data {
namespace {

// Shuffled rows are new to the hardware's prefetcher; asking for them this many rows ahead hides
// the memory's latency.
constexpr size_t kRowsAhead = 3;
constexpr size_t kMostLinesAhead = 64;

inline void prefetch_row(const char* row, size_t bytes) {
  const size_t end = std::min(bytes, kMostLinesAhead * 64);
  for (size_t at = 0; at < end; at += 64) __builtin_prefetch(row + at);
}

using ConvertRow = void (*)(const uint8_t*, size_t, float, float, float*);

// One source for every instruction set; multiply and add round apart, so all give the same bits.
__attribute__((always_inline)) inline void convert(const uint8_t* __restrict source, size_t count,
                                                   float scale, float shift,
                                                   float* __restrict destination) {
  // A fixed count is what compilers turn into vector instructions without being asked for more.
  constexpr size_t kBlock = 32;
  size_t i = 0;
  for (; i + kBlock <= count; i += kBlock) {
    for (size_t k = 0; k < kBlock; ++k) {
      destination[i + k] = static_cast<float>(source[i + k]) * scale + shift;
    }
  }
  for (; i < count; ++i) destination[i] = static_cast<float>(source[i]) * scale + shift;
}

void convert_row(const uint8_t* source, size_t count, float scale, float shift, float* to) {
  convert(source, count, scale, shift, to);
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) void convert_row_avx2(const uint8_t* source, size_t count,
                                                      float scale, float shift, float* to) {
  convert(source, count, scale, shift, to);
}
#endif

ConvertRow pick_convert_row() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2")) return convert_row_avx2;
#endif
  return convert_row;
}

}  // namespace

void gather_rows(const void* source, std::span<const int64_t> rows, size_t row_bytes,
                 void* destination) {
  const char* from = static_cast<const char*>(source);
  char* to = static_cast<char*>(destination);
  for (size_t i = 0; i < rows.size(); ++i) {
    if (i + kRowsAhead < rows.size()) {
      prefetch_row(from + static_cast<size_t>(rows[i + kRowsAhead]) * row_bytes, row_bytes);
    }
    std::memcpy(to + i * row_bytes, from + static_cast<size_t>(rows[i]) * row_bytes, row_bytes);
  }
}

void gather_rows_as_float(const uint8_t* source, std::span<const int64_t> rows, size_t row_elements,
                          float scale, float shift, float* destination) {
  static const ConvertRow convert_one = pick_convert_row();
  for (size_t i = 0; i < rows.size(); ++i) {
    if (i + kRowsAhead < rows.size()) {
      const uint8_t* ahead = source + static_cast<size_t>(rows[i + kRowsAhead]) * row_elements;
      prefetch_row(reinterpret_cast<const char*>(ahead), row_elements);
    }
    convert_one(source + static_cast<size_t>(rows[i]) * row_elements, row_elements, scale, shift,
                destination + i * row_elements);
  }
}

}  // namespace tenon::data
