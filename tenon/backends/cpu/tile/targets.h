#pragma once

// Instruction sets to compile for, before any Highway header: SSE4, AVX2, AVX-512 beside what the
// compiler's flags allow. SSSE3 and the AVX-512 dot-product level would only cost compile time.
#include <hwy/detect_compiler_arch.h>
#undef HWY_DISABLED_TARGETS
#define HWY_DISABLED_TARGETS ((1LL << 7) | (1LL << 12))
