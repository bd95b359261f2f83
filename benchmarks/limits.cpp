// What this machine can do at most, measured in the same run as what is compared with it: f32
// multiply-adds and memory bandwidth, by all threads (OMP_NUM_THREADS, else every core).

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "benchmarks/timing.h"

namespace {

int thread_count() {
  const char* asked = std::getenv("OMP_NUM_THREADS");
  const int count = asked != nullptr ? std::atoi(asked) : 0;
  return count > 0 ? count : std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

/// Runs `body(thread)` on every thread at once.
template <class F>
void on_all_threads(F body) {
  std::vector<std::thread> others;
  for (int i = 1; i < thread_count(); ++i) others.emplace_back(body, i);
  body(0);
  for (std::thread& thread : others) thread.join();
}

// Enough independent sums to hide the latency of a multiply-add: 2 units x 4-5 cycles, and more.
constexpr int kSums = 12;
constexpr int kBlock = 64;  // floats that the loops below step over: whole vectors of any width

#if defined(__x86_64__)

bool has_avx512() { return __builtin_cpu_supports("avx512f") != 0; }
bool has_avx2() { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }

__attribute__((target("avx512f"))) int multiply_add_avx512(int64_t rounds) {
  __m512 sums[kSums];
  for (__m512& sum : sums) sum = _mm512_set1_ps(1);
  const __m512 a = _mm512_set1_ps(0.999F), b = _mm512_set1_ps(0.001F);
  for (int64_t i = 0; i < rounds; ++i) {
#pragma GCC unroll 12
    for (__m512& sum : sums) sum = _mm512_fmadd_ps(sum, a, b);
  }
  for (const __m512& sum : sums) tenon::benchmark::keep(sum);
  return 16;
}

__attribute__((target("avx2,fma"))) int multiply_add_avx2(int64_t rounds) {
  __m256 sums[kSums];
  for (__m256& sum : sums) sum = _mm256_set1_ps(1);
  const __m256 a = _mm256_set1_ps(0.999F), b = _mm256_set1_ps(0.001F);
  for (int64_t i = 0; i < rounds; ++i) {
#pragma GCC unroll 12
    for (__m256& sum : sums) sum = _mm256_fmadd_ps(sum, a, b);
  }
  for (const __m256& sum : sums) tenon::benchmark::keep(sum);
  return 8;
}

__attribute__((target("avx2"))) void read_avx2(const float* x, int64_t count) {
  __m256i any[8] = {};
  for (int64_t i = 0; i < count; i += kBlock) {
#pragma GCC unroll 8
    for (int j = 0; j < 8; ++j) {
      const auto* vector = reinterpret_cast<const __m256i*>(x + i) + j;
      any[j] = _mm256_or_si256(any[j], _mm256_load_si256(vector));
    }
  }
  for (const __m256i& part : any) tenon::benchmark::keep(part);
}

__attribute__((target("avx2"))) void copy_avx2(const float* from, float* to, int64_t count) {
  for (int64_t i = 0; i < count; i += 8) _mm256_store_ps(to + i, _mm256_load_ps(from + i));
}

__attribute__((target("avx2"))) void copy_past_caches_avx2(const float* from, float* to,
                                                           int64_t count) {
  for (int64_t i = 0; i < count; i += 8) _mm256_stream_ps(to + i, _mm256_load_ps(from + i));
  _mm_sfence();
}

#else

bool has_avx512() { return false; }
bool has_avx2() { return false; }
int multiply_add_avx512(int64_t) { return 0; }
int multiply_add_avx2(int64_t) { return 0; }
void read_avx2(const float*, int64_t) {}
void copy_avx2(const float*, float*, int64_t) {}
void copy_past_caches_avx2(const float*, float*, int64_t) {}

#endif

int multiply_add_portable(int64_t rounds) {
  constexpr int kLanes = 4;
  float sums[kSums][kLanes];
  for (auto& sum : sums) std::fill(sum, sum + kLanes, 1.0F);
  for (int64_t i = 0; i < rounds; ++i) {
    for (auto& sum : sums) {
      for (float& lane : sum) lane = __builtin_fmaf(lane, 0.999F, 0.001F);
    }
  }
  tenon::benchmark::keep(sums);
  return kLanes;
}

int multiply_add(int64_t rounds) {
  if (has_avx512()) return multiply_add_avx512(rounds);
  if (has_avx2()) return multiply_add_avx2(rounds);
  return multiply_add_portable(rounds);
}

void read(const float* x, int64_t count) {
  if (has_avx2()) return read_avx2(x, count);
  float sums[16] = {};
  for (int64_t i = 0; i < count; i += 16) {
    for (int j = 0; j < 16; ++j) sums[j] += x[i + j];
  }
  tenon::benchmark::keep(sums);
}

void copy(const float* from, float* to, int64_t count) {
  if (has_avx2()) return copy_avx2(from, to, count);
  std::copy(from, from + count, to);
}

void copy_past_caches(const float* from, float* to, int64_t count) {
  if (has_avx2()) return copy_past_caches_avx2(from, to, count);
  std::copy(from, from + count, to);
}

struct Free {
  void operator()(float* data) const { std::free(data); }
};
using Buffer = std::unique_ptr<float[], Free>;

Buffer buffer_of(int64_t count) {
  auto* data = static_cast<float*>(std::aligned_alloc(4096, static_cast<size_t>(count) * 4));
  if (data == nullptr) std::abort();
  std::fill(data, data + count, 1.0F);
  return Buffer(data);
}

using RangeBody = void (*)(const float* from, float* to, int64_t count);

/// A case whose threads each go `repeats` times over a buffer (two, for copies) of `bytes` of
/// their own. Bytes read and bytes written both count.
void add_bandwidth(tenon::benchmark::Suite& suite, const std::string& name, int64_t bytes,
                   int repeats, int streams, RangeBody body) {
  const int64_t count = bytes / 4 / kBlock * kBlock;
  const double moved = 4e-9 * static_cast<double>(count) * repeats * streams * thread_count();
  suite.rate(name, "GB/s", moved, [=] {
    auto buffers = std::make_shared<std::vector<Buffer>>();
    for (int i = 0; i < 2 * thread_count(); ++i) {
      buffers->push_back(buffer_of(i % 2 == 0 || streams == 2 ? count : kBlock));
    }
    return [=] {
      on_all_threads([&](int thread) {
        const auto at = 2 * static_cast<size_t>(thread);
        for (int i = 0; i < repeats; ++i)
          body((*buffers)[at].get(), (*buffers)[at + 1].get(), count);
      });
    };
  });
}

}  // namespace

int main(int argc, char** argv) {
  constexpr int64_t kRounds = 2'000'000;
  constexpr int64_t kLarge = int64_t{128} << 20, kInL2 = int64_t{192} << 10;
  tenon::benchmark::Suite suite("limits");
  const double flops =
      2e-9 * kSums * static_cast<double>(kRounds) * multiply_add(1) * thread_count();
  suite.rate("f32 multiply-add", "GF/s", flops,
             [] { return [] { on_all_threads([](int) { multiply_add(kRounds); }); }; });
  const RangeBody read_one = [](const float* from, float*, int64_t count) { read(from, count); };
  add_bandwidth(suite, "DRAM read", kLarge, 1, 1, read_one);
  add_bandwidth(suite, "DRAM copy", kLarge, 1, 2, copy);
  add_bandwidth(suite, "DRAM copy, non-temporal", kLarge, 1, 2, copy_past_caches);
  add_bandwidth(suite, "L2 read", kInL2, 4000, 1, read_one);
  add_bandwidth(suite, "L2 copy", kInL2 / 2, 4000, 2, copy);
  return suite.run(argc, argv);
}
