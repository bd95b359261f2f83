// Sums of products written with letters: einsum.

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "tenon/base/error.h"
#include "tenon/ops/define.h"

namespace tenon::ops {
namespace {

/// The dims of a tensor: letters, and numbers 0, 1, ... of the dims that '...' stands for, counted
/// from its last.
using Labels = std::string;

struct Operand {
  Tensor x;
  Labels labels;
};

bool has(const Labels& labels, char label) { return labels.find(label) != Labels::npos; }

[[noreturn]] void fail_equation(std::string_view equation, std::string_view why) {
  fail<ValueError>("einsum", fmt::format("can't read the equation '{}': {}", equation, why));
}

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/// One side's term with `extra` dims in the place of '...'.
Labels labels_of(std::string_view term, size_t extra, std::string_view equation) {
  Labels labels;
  bool ellipsis = false;
  for (size_t i = 0; i < term.size(); ++i) {
    if (term.substr(i, 3) == "..." && !ellipsis) {
      for (size_t k = extra; k-- > 0;) labels.push_back(static_cast<char>(k + 1));
      ellipsis = true;
      i += 2;
    } else if (is_letter(term[i])) {
      labels.push_back(term[i]);
    } else {
      fail_equation(equation,
                    fmt::format("'{}' is neither a letter nor part of one '...'", term[i]));
    }
  }
  return labels;
}

std::vector<std::string> split_terms(std::string_view text) {
  std::vector<std::string> terms(1);
  for (const char c : text) {
    if (c == ',') {
      terms.emplace_back();
    } else {
      terms.back().push_back(c);
    }
  }
  return terms;
}

/// x with a letter that stands twice taken from the diagonal.
Operand without_repeats(Operand operand) {
  auto& [x, labels] = operand;
  for (size_t i = 0; i < labels.size(); ++i) {
    const size_t again = labels.find(labels[i], i + 1);
    if (again == Labels::npos) continue;
    const char label = labels[i];
    x = diagonal(x, 0, static_cast<int64_t>(i), static_cast<int64_t>(again));
    labels.erase(again, 1);
    labels.erase(i, 1);
    labels.push_back(label);
    i = static_cast<size_t>(-1);
  }
  return operand;
}

Operand read_operand(const Tensor& x, std::string_view term, std::string_view equation) {
  const bool ellipsis = term.find("...") != std::string_view::npos;
  const size_t letters = term.size() - (ellipsis ? 3 : 0), rank = x.sizes().size();
  if (letters > rank || (letters < rank && !ellipsis)) {
    fail<ShapeError>("einsum",
                     fmt::format("'{}' of the equation '{}' doesn't fit a tensor of sizes "
                                 "{}",
                                 term, equation, to_string(x.sizes())));
  }
  return without_repeats({x, labels_of(term, rank - letters, equation)});
}

/// Where the equation names no result: '...', then the letters that stand once, in order.
Labels implied_result(const std::vector<std::string>& terms, size_t most_extra) {
  Labels result, letters;
  for (size_t k = most_extra; k-- > 0;) result.push_back(static_cast<char>(k + 1));
  for (const std::string& term : terms) {
    for (const char c : term) letters += is_letter(c) ? std::string(1, c) : "";
  }
  std::sort(letters.begin(), letters.end());
  for (const char c : letters) {
    if (std::count(letters.begin(), letters.end(), c) == 1) result.push_back(c);
  }
  return result;
}

Operand summed(const Operand& operand, const Labels& kept) {
  Shape dims;
  Labels rest;
  for (size_t i = 0; i < operand.labels.size(); ++i) {
    if (has(kept, operand.labels[i])) {
      rest.push_back(operand.labels[i]);
    } else {
      dims.push_back(static_cast<int64_t>(i));
    }
  }
  return {dims.empty() ? operand.x : sum(operand.x, dims, false, operand.x.dtype()), rest};
}

/// Dims in the order of `order`, of which those that x lacks have size 1.
Tensor arranged(const Operand& operand, const Labels& order) {
  Shape places;
  for (const char label : order) {
    const size_t at = operand.labels.find(label);
    if (at != Labels::npos) places.push_back(static_cast<int64_t>(at));
  }
  Tensor x = permute(operand.x, places);
  for (size_t i = 0; i < order.size(); ++i) {
    if (!has(operand.labels, order[i])) x = unsqueeze(x, static_cast<int64_t>(i));
  }
  return x;
}

int64_t size_of_label(const Operand& operand, char label) {
  return operand.x.sizes()[operand.labels.find(label)];
}

/// Labels of a pair by where they stand: in both and kept, in one only, in both and summed.
struct Groups {
  Labels batch, left, right, inner;
};

Groups group(const Operand& a, const Operand& b, const Labels& kept) {
  Groups groups;
  for (const char label : a.labels) {
    if (!has(b.labels, label)) {
      groups.left.push_back(label);
    } else {
      (has(kept, label) ? groups.batch : groups.inner).push_back(label);
    }
  }
  for (const char label : b.labels) {
    if (!has(a.labels, label)) groups.right.push_back(label);
  }
  return groups;
}

/// The operand as [batch, rows, columns]; sizes of 1 are expanded to those of the other where both
/// have the label.
Tensor as_matrices(const Operand& operand, const Operand& other, const Labels& batch,
                   const Labels& rows, const Labels& columns, Shape& sizes) {
  const Labels order = batch + rows + columns;
  int64_t counts[3] = {1, 1, 1};
  sizes.clear();
  for (const char label : order) {
    int64_t size = size_of_label(operand, label);
    if (size == 1 && has(other.labels, label)) size = size_of_label(other, label);
    sizes.push_back(size);
    counts[has(batch, label) ? 0 : has(rows, label) ? 1 : 2] *= size;
  }
  const Tensor x = expand(arranged(operand, order), sizes);
  return reshape(x, {counts[0], counts[1], counts[2]});
}

Operand multiplied(const Operand& first, const Operand& second, const Labels& kept) {
  // What stands in one of the two only and isn't asked for again goes first.
  const Operand a = summed(first, kept + second.labels), b = summed(second, kept + a.labels);
  const Groups groups = group(a, b, kept);
  for (const char label : groups.batch + groups.inner) {
    const int64_t x = size_of_label(a, label), y = size_of_label(b, label);
    if (x != y && x != 1 && y != 1) {
      fail<ShapeError>("einsum",
                       fmt::format("one index has the sizes {} and {} in operands of sizes "
                                   "{} and {}",
                                   x, y, to_string(first.x.sizes()), to_string(second.x.sizes())));
    }
  }
  if (groups.inner.empty()) {
    const Labels order = groups.batch + groups.left + groups.right;
    return {arranged(a, order) * arranged(b, order), order};
  }
  Shape sizes, b_sizes;
  const Tensor x = as_matrices(a, b, groups.batch, groups.left, groups.inner, sizes);
  const Tensor y = as_matrices(b, a, groups.batch, groups.inner, groups.right, b_sizes);
  const bool single = groups.batch.empty();
  const Tensor product = single ? matmul(select(x, 0, 0), select(y, 0, 0)) : matmul(x, y);
  for (size_t i = 0; i < groups.inner.size(); ++i) sizes.erase(sizes.size() - 1);
  const size_t before = groups.batch.size() + groups.inner.size();
  for (size_t i = before; i < b_sizes.size(); ++i) sizes.push_back(b_sizes[i]);
  return {reshape(product, sizes), groups.batch + groups.left + groups.right};
}

void check_result(const Labels& result, const std::vector<Operand>& operands,
                  std::string_view equation) {
  for (size_t i = 0; i < result.size(); ++i) {
    if (has(result.substr(i + 1), result[i]))
      fail_equation(equation, "the result repeats a letter");
    const bool known = std::any_of(operands.begin(), operands.end(),
                                   [&](const Operand& o) { return has(o.labels, result[i]); });
    if (!known) fail_equation(equation, "the result has a letter that no operand has");
  }
}

Tensor einsum_of(std::string_view given, TensorList tensors) {
  std::string equation(given);
  std::erase(equation, ' ');
  const size_t arrow = equation.find("->");
  const auto terms = split_terms(std::string_view(equation).substr(0, arrow));
  if (terms.size() != tensors.size()) {
    fail_equation(given,
                  fmt::format("it has {} terms for {} tensors", terms.size(), tensors.size()));
  }
  std::vector<Operand> operands;
  size_t most_extra = 0;
  for (size_t i = 0; i < terms.size(); ++i) {
    operands.push_back(read_operand(tensors[i], terms[i], given));
    const auto& labels = operands.back().labels;
    const auto extra =
        std::count_if(labels.begin(), labels.end(), [](char c) { return !is_letter(c); });
    most_extra = std::max(most_extra, static_cast<size_t>(extra));
  }
  const Labels result =
      arrow == std::string::npos
          ? implied_result(terms, most_extra)
          : labels_of(std::string_view(equation).substr(arrow + 2), most_extra, given);
  check_result(result, operands, given);
  Operand product = operands[0];
  for (size_t i = 1; i < operands.size(); ++i) {
    Labels kept = result;
    for (size_t k = i + 1; k < operands.size(); ++k) kept += operands[k].labels;
    product = multiplied(product, operands[i], kept);
  }
  return arranged(summed(product, result), result);
}

}  // namespace

void define_einsum(OpDef& op) {
  op.doc(
        "Products of the operands' elements, summed over the indices that the result lacks, after "
        "Einstein: in \"ij,jk->ik\" each letter is a dim of the operands, whose terms commas part. "
        "A letter twice in a term takes the diagonal; '...' stands for any dims, which broadcast. "
        "Without '->' the result has '...' and then the letters that stand once, in their order. "
        "Operands are multiplied from the left to the right, as matrix products where they share "
        "an index. ValueError for an equation that can't be read, ShapeError where it doesn't fit.")
      .accepts(kNumberSet)
      .compose([](std::string_view equation, TensorList operands) {
        return einsum_of(equation, operands);
      })
      .samples([]() -> std::vector<Sample> {
        const auto of = [](const char* equation, std::initializer_list<Shape> sizes) {
          Sample sample{{}, {Attribute(equation)}};
          for (const Shape& s : sizes) {
            sample.inputs.push_back(sample_tensor(s, -1, 1, sample.inputs.size() + 1));
          }
          return sample;
        };
        return {of("ij,jk->ik", {{3, 4}, {4, 2}}),
                of("bij,bjk", {{2, 3, 4}, {2, 4, 2}}),
                of("ii->i", {{3, 3}}),
                of("ij->", {{3, 4}}),
                of("i,j->ji", {{3}, {4}}),
                of("b...d,...de->b...e", {{2, 3, 4}, {3, 4, 2}}),
                of("ij,ij->i", {{3, 4}, {3, 4}}),
                of("bhid,bhjd->bhij", {{2, 2, 3, 4}, {2, 2, 3, 4}}),
                of("ij,jk,kl->il", {{2, 3}, {3, 4}, {4, 2}})};
      });
}

}  // namespace tenon::ops
