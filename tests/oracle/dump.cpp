// Writes what every op gives on its samples, for check.py to hold against NumPy.
// usage: oracle_dump FOLDER
//   FOLDER/index.json   one entry a run: op, arguments in the order of the signature, results
//   FOLDER/data.bin     the elements of all tensors, row by row; entries say where each begins

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/op_matrix/cases.h"

namespace tenon::matrix {
namespace {

using nlohmann::json;

class Dump {
 public:
  explicit Dump(const std::filesystem::path& folder)
      : folder_(folder), data_(folder / "data.bin", std::ios::binary) {}

  void add(const Case& c, const std::string& variant, const std::vector<Tensor>& inputs) {
    const OpDef& op = *c.op;
    const Outcome outcome = run(op, copies_of(inputs), c.sample.attributes);
    if (!outcome.ok()) return;
    json entry = {{"op", op.name},           {"sample", c.number},
                  {"variant", variant},      {"internal", op.internal},
                  {"random", is_random(op)}, {"uninitialised", is_uninitialised(op)}};
    entry["arguments"] = arguments(c, inputs);
    entry["results"] = tensors(outcome.results);
    entry["updated"] = tensors(outcome.inputs_after);
    if (is_random(op)) {
      entry["again"] = tensors(run(op, copies_of(inputs), c.sample.attributes).results);
    }
    entries_.push_back(std::move(entry));
  }

  bool finish() {
    std::ofstream index(folder_ / "index.json");
    index << entries_.dump();
    index.close();
    data_.close();
    return index.good() && data_.good();
  }

 private:
  json tensor(const Tensor& given) {
    if (!given.defined()) return nullptr;
    // NumPy has no bfloat16.
    const Tensor t = given.dtype() == kBFloat16 ? widen(given, kFloat32) : copy_of(given);
    json entry = {{"dtype", name_of(t.dtype())}, {"sizes", json::array()}, {"offset", offset_}};
    for (const int64_t size : t.sizes()) entry["sizes"].push_back(size);
    data_.write(static_cast<const char*>(t.raw_data()), static_cast<std::streamsize>(t.nbytes()));
    offset_ += t.nbytes();
    return entry;
  }

  json tensors(const std::vector<Tensor>& list) {
    json entries = json::array();
    for (const Tensor& t : list) entries.push_back(tensor(t));
    return entries;
  }

  static json value(const ParamInfo& param, const Attribute& attribute) {
    if (!attribute.has_value()) return nullptr;
    switch (param.type) {
      case ParamType::kInt:
      case ParamType::kOptionalInt:
      case ParamType::kDim:
      case ParamType::kOptionalDim:
        return attribute.as<int64_t>();
      case ParamType::kInts:
      case ParamType::kDims: {
        const IntList list = attribute.as<IntList>();
        return std::vector<int64_t>(list.begin(), list.end());
      }
      case ParamType::kFloats: {
        const FloatList list = attribute.as<FloatList>();
        return std::vector<double>(list.begin(), list.end());
      }
      case ParamType::kBool:
        return attribute.as<bool>();
      case ParamType::kFloat:
      case ParamType::kOptionalFloat:
        return attribute.as<double>();
      case ParamType::kScalar:
      case ParamType::kOptionalScalar: {
        const Scalar scalar = attribute.number();
        if (scalar.is_bool()) return scalar.to_bool();
        if (scalar.is_integer()) return scalar.to_int();
        return scalar.to_double();
      }
      case ParamType::kDType:
      case ParamType::kOptionalDType:
        return name_of(attribute.as<DType>());
      case ParamType::kText:
        return attribute.as<std::string_view>();
      default:
        return nullptr;  // devices and generators
    }
  }

  /// In the order of the signature.
  json arguments(const Case& c, const std::vector<Tensor>& inputs) {
    json list = json::array();
    size_t input = 0, attribute = 0;
    for (const ParamInfo& param : c.op->params) {
      if (param.type == ParamType::kTensorList) {
        // Whatever the other tensors leave.
        size_t others = 0;
        for (const ParamInfo& other : c.op->params) {
          others += other.type < ParamType::kTensorList ? 1 : 0;
        }
        json entries = json::array();
        for (size_t n = inputs.size() - others; n > 0; --n)
          entries.push_back(tensor(inputs[input++]));
        list.push_back({{"tensors", std::move(entries)}});
      } else if (param.type < ParamType::kTensorList) {
        list.push_back({{"tensor", tensor(inputs[input++])}});
      } else {
        const json plain = value(param, c.sample.attributes[attribute++]);
        // JSON has no infinity.
        const bool infinite = plain.is_number_float() && !std::isfinite(plain.get<double>());
        list.push_back(infinite ? json{{"number", std::to_string(plain.get<double>())}}
                                : json{{"value", plain}});
      }
    }
    return list;
  }

  std::filesystem::path folder_;
  std::ofstream data_;
  size_t offset_ = 0;
  json entries_ = json::array();
};

/// The inputs with every dim of this size made 0; empty when there is none.
std::vector<Tensor> emptied(const Case& c, int64_t size) {
  std::vector<Tensor> inputs;
  bool any = false;
  for (const Tensor& input : c.sample.inputs) {
    if (!input.defined()) {
      inputs.push_back(input);
      continue;
    }
    Shape sizes = input.sizes();
    std::replace(sizes.begin(), sizes.end(), size, int64_t{0});
    const bool empty = sizes != input.sizes();
    any = any || empty;
    inputs.push_back(empty ? new_tensor(sizes, input.dtype()) : input);
  }
  return any ? inputs : std::vector<Tensor>();
}

void dump_case(Dump& dump, const Case& c) {
  dump.add(c, "", c.sample.inputs);
  const auto wanted = cast_inputs(c);
  const bool has_complex =
      std::any_of(c.sample.inputs.begin(), c.sample.inputs.end(),
                  [](const Tensor& input) { return input.defined() && input.is_complex(); });
  if (std::find(wanted.begin(), wanted.end(), true) != wanted.end()) {
    for (const DType dtype : {kInt32, kBool, kComplex128}) {
      if (dtype == kComplex128 && (has_complex || is_random(*c.op))) continue;
      if (contains(c.op->accepted, dtype)) {
        dump.add(c, std::string(name_of(dtype)), cast_all(c, dtype));
      }
    }
  }
  for (int64_t size = 2; size < 8; ++size) {
    const std::vector<Tensor> inputs = emptied(c, size);
    if (!inputs.empty()) dump.add(c, "size " + std::to_string(size) + " made 0", inputs);
  }
}

}  // namespace
}  // namespace tenon::matrix

int main(int argc, char** argv) {
  using namespace tenon::matrix;
  if (argc != 2) {
    std::fputs("usage: oracle_dump FOLDER\n", stderr);
    return 2;
  }
  std::filesystem::create_directories(argv[1]);
  Dump dump(argv[1]);
  for (const tenon::OpDef* op : all_ops()) {
    for (const Case& c : cases_of(*op)) dump_case(dump, c);
  }
  if (dump.finish()) return 0;
  std::fprintf(stderr, "can't write to %s\n", argv[1]);
  return 1;
}
