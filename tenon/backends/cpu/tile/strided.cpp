#include "tenon/backends/cpu/tile/strided.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace tenon::cpu {
namespace {

template <class Word>
void copy_words(const Word* from, int64_t from_down, int64_t from_across, Word* to, int64_t to_down,
                int64_t to_across, int64_t rows, int64_t columns) {
  if (from_across == 1 && to_across == 1) {
    for (int64_t r = 0; r < rows; ++r) {
      std::memcpy(to + r * to_down, from + r * from_down,
                  static_cast<size_t>(columns) * sizeof(Word));
    }
    return;
  }
  for (int64_t r = 0; r < rows; ++r) {
    const Word* source = from + r * from_down;
    Word* target = to + r * to_down;
    for (int64_t c = 0; c < columns; ++c) target[c * to_across] = source[c * from_across];
  }
}

template <class Word>
void copy(const char* from, int64_t from_down, int64_t from_across, char* to, int64_t to_down,
          int64_t to_across, int64_t rows, int64_t columns) {
  const Word* source = reinterpret_cast<const Word*>(from);
  Word* target = reinterpret_cast<Word*>(to);
  // The smooth side goes inside: the reader's, else the writer's.
  const bool reader_turned = std::abs(from_down) < std::abs(from_across) && from_down != 0;
  const bool writer_turned = std::abs(to_down) < std::abs(to_across) && to_down != 0;
  if (reader_turned == writer_turned ? reader_turned : rows >= columns) {
    std::swap(from_down, from_across);
    std::swap(to_down, to_across);
    std::swap(rows, columns);
  }
  copy_words(source, from_down, from_across, target, to_down, to_across, rows, columns);
}

}  // namespace

void copy_block(size_t element_size, const char* from, int64_t from_down, int64_t from_across,
                char* to, int64_t to_down, int64_t to_across, int64_t rows, int64_t columns) {
  switch (element_size) {
    case 1:
      return copy<uint8_t>(from, from_down, from_across, to, to_down, to_across, rows, columns);
    case 2:
      return copy<uint16_t>(from, from_down, from_across, to, to_down, to_across, rows, columns);
    case 4:
      return copy<uint32_t>(from, from_down, from_across, to, to_down, to_across, rows, columns);
    default:
      return copy<uint64_t>(from, from_down, from_across, to, to_down, to_across, rows, columns);
  }
}

}  // namespace tenon::cpu
