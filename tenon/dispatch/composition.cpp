#include <fmt/format.h>

#include <typeinfo>

#include "tenon/base/error.h"
#include "tenon/dispatch/composition_internal.h"

namespace tenon {

std::string_view without_call(std::string_view message) {
  const size_t end = message.starts_with('[') ? message.find("] ") : message.npos;
  return end == message.npos ? message : message.substr(end + 2);
}

namespace {

template <class E>
void rethrow_if(std::string_view call, const Error& error) {
  if (typeid(error) != typeid(E)) return;
  const std::string_view message = error.what(), rest = without_call(message);
  if (rest.size() == message.size()) return;
  const std::string_view part = message.substr(1, message.size() - rest.size() - 3);
  if (part == call) return;
  fail<E>(call, fmt::format("{}: {}", part, rest));
}

/// Throws the error being handled again, where it names another call as one of `call`, of the same
/// class: the call that the user made, then the part of it that failed.
[[noreturn]] void rethrow_as_part_of(std::string_view call, const Error& error) {
  rethrow_if<ShapeError>(call, error);
  rethrow_if<DTypeError>(call, error);
  rethrow_if<IndexError>(call, error);
  rethrow_if<ValueError>(call, error);
  rethrow_if<DeviceError>(call, error);
  rethrow_if<OutOfMemoryError>(call, error);
  throw;
}

}  // namespace

void run_composition(OpDef::Composition composition, const Call& call, std::span<Tensor> outputs) {
  try {
    composition(call, outputs);
  } catch (const Error& error) {
    rethrow_as_part_of(call.op.name, error);
  }
}

std::vector<Tensor> run_list_composition(const Call& call) {
  try {
    return call.op.list_composition(call);
  } catch (const Error& error) {
    rethrow_as_part_of(call.op.name, error);
  }
}

std::array<const void*, 2> composing_functions() {
  return {reinterpret_cast<const void*>(&run_composition),
          reinterpret_cast<const void*>(&run_list_composition)};
}

}  // namespace tenon
