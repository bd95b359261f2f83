#include "tenon/base/try_blocks.h"

#include <unwind.h>

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace tenon {
namespace {

/// Ways in which numbers stand in the tables (DWARF's exception header encodings).
enum Encoding : uint8_t {
  kPointer = 0x00,
  kULeb128 = 0x01,
  kUData2 = 0x02,
  kUData4 = 0x03,
  kUData8 = 0x04,
  kOmitted = 0xff
};

/// Reads one number after another.
class Reader {
 public:
  explicit Reader(const uint8_t* at) : at_(at) {}

  uint8_t byte() { return *at_++; }
  uint64_t uleb128() {
    uint64_t value = 0;
    for (int shift = 0;; shift += 7) {
      const uint8_t part = byte();
      value |= uint64_t{part & 0x7fu} << shift;
      if ((part & 0x80) == 0) return value;
    }
  }
  int64_t sleb128() {
    uint64_t value = 0;
    for (int shift = 0;;) {
      const uint8_t part = byte();
      value |= uint64_t{part & 0x7fu} << shift;
      shift += 7;
      if ((part & 0x80) != 0) continue;
      const bool is_negative = (part & 0x40) != 0 && shift < 64;
      return static_cast<int64_t>(is_negative ? value | ~uint64_t{0} << shift : value);
    }
  }
  /// False where numbers don't stand in one of the ways that are known here.
  bool read(uint8_t encoding, uint64_t& value) {
    switch (encoding & 0x0f) {
      case kPointer:
        return copy<uintptr_t>(value);
      case kULeb128:
        value = uleb128();
        return true;
      case kUData2:
        return copy<uint16_t>(value);
      case kUData4:
        return copy<uint32_t>(value);
      case kUData8:
        return copy<uint64_t>(value);
      default:
        return false;
    }
  }
  const uint8_t* at() const { return at_; }

 private:
  template <class T>
  bool copy(uint64_t& value) {
    T number;
    std::memcpy(&number, at_, sizeof(T));
    at_ += sizeof(T);
    value = number;
    return true;
  }

  const uint8_t* at_;
};

/// Whether a chain of actions holds a `catch`: its type has a number above 0; clean-ups have 0,
/// lists of what a function may throw numbers below.
bool catches(const uint8_t* action) {
  for (;;) {
    Reader reader(action);
    if (reader.sleb128() > 0) return true;
    const uint8_t* const from = reader.at();
    const int64_t next = reader.sleb128();
    if (next == 0) return false;
    action = from + next;
  }
}

/// What the function's own table (the "language-specific data area" of the Itanium C++ ABI) says of
/// the place that it is at; in doubt, that it catches.
bool stands_in_try(const uint8_t* table, uintptr_t place) {
  Reader reader(table);
  uint64_t number = 0;
  if (const uint8_t start = reader.byte(); start != kOmitted && !reader.read(start, number)) {
    return true;
  }
  if (reader.byte() != kOmitted) reader.uleb128();  // where the types are
  const uint8_t encoding = reader.byte();
  const uint64_t length = reader.uleb128();
  const uint8_t* const actions = reader.at() + length;
  while (reader.at() < actions) {
    uint64_t begin = 0, size = 0, handler = 0;
    if (!reader.read(encoding, begin) || !reader.read(encoding, size) ||
        !reader.read(encoding, handler)) {
      return true;
    }
    const uint64_t action = reader.uleb128();
    if (place < begin) return false;  // they are in order
    if (place - begin < size) return action != 0 && catches(actions + action - 1);
  }
  return false;
}

/// From function to caller.
struct Walk {
  const uintptr_t last_frame;
  const std::span<const void* const> without;
  bool is_found = false;

  static _Unwind_Reason_Code visit(_Unwind_Context* context, void* data) {
    auto& walk = *static_cast<Walk*>(data);
    // The stack grows downwards: this is where the function's own frame ends.
    if (_Unwind_GetCFA(context) > walk.last_frame) return _URC_END_OF_STACK;
    const auto* const table = static_cast<const uint8_t*>(_Unwind_GetLanguageSpecificData(context));
    if (!table) return _URC_NO_REASON;
    int is_signal = 0;  // else the address is the one after the call
    const uintptr_t address = _Unwind_GetIPInfo(context, &is_signal) - (is_signal == 0 ? 1 : 0);
    const uintptr_t function = _Unwind_GetRegionStart(context);
    const auto is_function = [function](const void* each) {
      return reinterpret_cast<uintptr_t>(each) == function;
    };
    if (std::any_of(walk.without.begin(), walk.without.end(), is_function)) return _URC_NO_REASON;
    walk.is_found = stands_in_try(table, address - function);
    return walk.is_found ? _URC_END_OF_STACK : _URC_NO_REASON;
  }
};

}  // namespace

bool is_in_try_block(const void* frame, std::span<const void* const> without) {
  Walk walk{reinterpret_cast<uintptr_t>(frame), without};
  _Unwind_Backtrace(&Walk::visit, &walk);
  return walk.is_found;
}

}  // namespace tenon
