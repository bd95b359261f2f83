#pragma once

#include <span>

namespace tenon {

/// Whether code that calls this stands in a `try` block of C++, in a function between here and the
/// one whose frame is `frame` (`__builtin_frame_address(0)` there), that one included. What a block
/// catches isn't asked. Those in the functions `without`, which throw what they catch again, don't
/// count.
///
/// Reads the tables by which a thrown error finds its handler: about a microsecond per function.
bool is_in_try_block(const void* frame, std::span<const void* const> without = {});

}  // namespace tenon
