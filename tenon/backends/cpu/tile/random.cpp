// Philox numbers of runs of elements. Plain loops without fused multiply-adds: the numbers are the
// same on every instruction set.
#include "tenon/backends/cpu/tile/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tenon/backends/cpu/tile/random.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <algorithm>
#include <cmath>

#include "tenon/backends/cpu/tile/kernels.h"
#include "tenon/backends/cpu/tile/random_numbers.h"

HWY_BEFORE_NAMESPACE();
namespace tenon::cpu::HWY_NAMESPACE {
namespace {

constexpr size_t kBlocks = 64;  // Philox blocks made together

/// Word w of block i at words[w][i].
void make_words(uint64_t seed, uint64_t offset, unsigned stream, uint64_t block,
                uint32_t words[4][kBlocks]) {
  const uint32_t offset_high = static_cast<uint32_t>(offset >> 32) ^ (stream << 16);
  uint32_t key0 = static_cast<uint32_t>(seed), key1 = static_cast<uint32_t>(seed >> 32);
  for (size_t i = 0; i < kBlocks; ++i) {
    words[0][i] = static_cast<uint32_t>(block + i);
    words[1][i] = static_cast<uint32_t>((block + i) >> 32);
    words[2][i] = static_cast<uint32_t>(offset);
    words[3][i] = offset_high;
  }
  for (int round = 0; round < 10; ++round) {
    for (size_t i = 0; i < kBlocks; ++i) {
      const uint64_t product0 = uint64_t{0xD2511F53} * words[0][i];
      const uint64_t product1 = uint64_t{0xCD9E8D57} * words[2][i];
      words[0][i] = static_cast<uint32_t>(product1 >> 32) ^ words[1][i] ^ key0;
      words[1][i] = static_cast<uint32_t>(product1);
      words[2][i] = static_cast<uint32_t>(product0 >> 32) ^ words[3][i] ^ key1;
      words[3][i] = static_cast<uint32_t>(product0);
    }
    key0 += 0x9E3779B9;
    key1 += 0xBB67AE85;
  }
}

inline uint64_t join(uint32_t low, uint32_t high) { return low | (uint64_t{high} << 32); }

struct Uniform {
  static void make(const uint32_t words[4][kBlocks], float* out) {
    for (size_t i = 0; i < kBlocks; ++i) {
      for (size_t w = 0; w < 4; ++w) out[4 * i + w] = uniform_of(words[w][i]);
    }
  }
  static void make(const uint32_t words[4][kBlocks], double* out) {
    for (size_t i = 0; i < kBlocks; ++i) {
      out[2 * i] = uniform_of(join(words[0][i], words[1][i]));
      out[2 * i + 1] = uniform_of(join(words[2][i], words[3][i]));
    }
  }
};

struct Normal {
  static void make(const uint32_t words[4][kBlocks], float* out) {
    for (size_t pair = 0; pair < 2; ++pair) {
      for (size_t i = 0; i < kBlocks; ++i) {
        const auto [a, b] =
            gaussian_pair(words[2 * pair][i] * 0x1p-32, words[2 * pair + 1][i] * 0x1p-32);
        out[4 * i + 2 * pair] = static_cast<float>(a);
        out[4 * i + 2 * pair + 1] = static_cast<float>(b);
      }
    }
  }
  static void make(const uint32_t words[4][kBlocks], double* out) {
    for (size_t i = 0; i < kBlocks; ++i) {
      const auto [a, b] = gaussian_pair(uniform_of(join(words[0][i], words[1][i])),
                                        uniform_of(join(words[2][i], words[3][i])));
      out[2 * i] = a;
      out[2 * i + 1] = b;
    }
  }
};

struct Bits {
  static void make(const uint32_t words[4][kBlocks], uint64_t* out) {
    for (size_t i = 0; i < kBlocks; ++i) {
      out[2 * i] = join(words[0][i], words[1][i]);
      out[2 * i + 1] = join(words[2][i], words[3][i]);
    }
  }
};

template <class T, class Maker>
void run(uint64_t seed, uint64_t offset, unsigned stream, uint64_t first, void* out, size_t count) {
  constexpr uint64_t kPerBlock = 16 / sizeof(T);
  T* to = static_cast<T*>(out);
  uint32_t words[4][kBlocks];
  T made[kBlocks * kPerBlock];
  while (count != 0) {
    const uint64_t block = first / kPerBlock;
    const size_t skip = first % kPerBlock;
    make_words(seed, offset, stream, block, words);
    Maker::make(words, made);
    const size_t taken = std::min<size_t>(count, kBlocks * kPerBlock - skip);
    std::copy_n(made + skip, taken, to);
    to += taken;
    first += taken;
    count -= taken;
  }
}

void fill(Kernels& kernels) {
  ClassKernels& f32 = kernels.classes[static_cast<int>(tile::Compute::kF32)];
  ClassKernels& f64 = kernels.classes[static_cast<int>(tile::Compute::kF64)];
  f32.uniform = run<float, Uniform>;
  f32.normal = run<float, Normal>;
  f64.uniform = run<double, Uniform>;
  f64.normal = run<double, Normal>;
  for (tile::Compute compute : {tile::Compute::kI64, tile::Compute::kU64}) {
    kernels.classes[static_cast<int>(compute)].bits = run<uint64_t, Bits>;
  }
}

}  // namespace
void fill_random_target(Kernels& kernels) { fill(kernels); }
}  // namespace tenon::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tenon::cpu {
HWY_EXPORT(fill_random_target);
void fill_random(size_t target_index, Kernels& kernels) {
  HWY_DISPATCH_TABLE(fill_random_target)[target_index](kernels);
}
}  // namespace tenon::cpu
#endif
