#include "tenon/core/print.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <ostream>

#include "tenon/core/tensor.h"

namespace tenon {
namespace {

using Number = std::complex<double>;

/// How many digits the real (or imaginary) parts of a tensor take, and in which notation. Zeros at
/// the end are left out and, as NumPy does, made up for with spaces so that points align.
struct FloatFormat {
  bool scientific = false;
  int digits = 0;  ///< behind the point

  std::string operator()(double value) const {
    if (std::isnan(value)) return "nan";
    if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
    if (scientific) return fmt::format("{:#.{}e}", value, digits);
    std::string text = fmt::format("{:#.{}f}", value, digits);
    while (text.back() == '0') text.pop_back();
    return text;
  }
  /// Spaces for the zeros that `text` lacks.
  std::string padding(const std::string& text) const {
    const size_t point = text.find('.');
    if (scientific || point == std::string::npos) return {};
    return std::string(static_cast<size_t>(digits) - (text.size() - point - 1), ' ');
  }
};

/// Digits behind the point without trailing zeros.
int needed_digits(const std::string& text) {
  const size_t point = text.find('.');
  if (point == std::string::npos) return 0;
  size_t end = text.find('e');
  if (end == std::string::npos) end = text.size();
  while (end > point + 1 && text[end - 1] == '0') --end;
  return static_cast<int>(end - point - 1);
}

/// NumPy's rule, unless the options say: scientific when the largest number is 1e8 or more, the
/// smallest below 1e-4, or the two more than a factor of 1000 apart; as few digits as show all of
/// them.
FloatFormat choose_format(const std::vector<double>& values) {
  double largest = 0, smallest = INFINITY;
  for (const double value : values) {
    const double size = std::abs(value);
    if (!std::isfinite(size) || size == 0) continue;
    largest = std::max(largest, size);
    smallest = std::min(smallest, size);
  }
  FloatFormat format;
  format.scientific = print_options().scientific.value_or(
      largest > 0 && (largest >= 1e8 || smallest < 1e-4 || largest / smallest > 1000));
  const int precision = print_options().precision;
  for (const double value : values) {
    if (!std::isfinite(value)) continue;
    const std::string text = format.scientific ? fmt::format("{:.{}e}", value, precision)
                                               : fmt::format("{:.{}f}", value, precision);
    format.digits = std::max(format.digits, needed_digits(text));
  }
  return format;
}

/// The element at a place of the storage as text; numbers of all dtypes but the integers go through
/// a complex double.
class Formatter {
 public:
  explicit Formatter(const Tensor& x)
      : x_(x), data_(static_cast<const char*>(x.const_raw_data())) {}

  /// Takes part in choosing format and width: each shown element comes here before any is written.
  void look_at(int64_t place) {
    if (is_integer(x_.dtype()) || x_.dtype() == kBool) {
      width_ = std::max(width_, plain(place).size());
      return;
    }
    const Number value = number(place);
    reals_.push_back(value.real());
    imaginaries_.push_back(value.imag());
  }
  void settle() {
    if (reals_.empty()) return;
    real_ = choose_format(reals_);
    imaginary_ = choose_format(imaginaries_);
    for (size_t i = 0; i < reals_.size(); ++i) {
      width_ = std::max(width_, text_of({reals_[i], imaginaries_[i]}).size());
    }
  }
  std::string operator()(int64_t place) const {
    const bool whole = is_integer(x_.dtype()) || x_.dtype() == kBool;
    return fmt::format("{:>{}}", whole ? plain(place) : text_of(number(place)), width_);
  }

 private:
  std::string plain(int64_t place) const {
    return visit_dtype(x_.dtype(), [&](auto tag) -> std::string {
      using T = typename decltype(tag)::Type;
      const T& value = reinterpret_cast<const T*>(data_)[place];
      if constexpr (std::is_same_v<T, bool>) {
        return value ? "true" : "false";
      } else if constexpr (std::is_integral_v<T>) {
        return fmt::format("{}", +value);
      } else {
        return {};
      }
    });
  }
  Number number(int64_t place) const {
    return visit_dtype(x_.dtype(), [&](auto tag) -> Number {
      using T = typename decltype(tag)::Type;
      const T& value = reinterpret_cast<const T*>(data_)[place];
      if constexpr (requires { value.imag(); }) {
        return Number(value);
      } else {
        return static_cast<double>(value);
      }
    });
  }
  std::string text_of(Number value) const {
    const std::string real = real_(value.real());
    const std::string start = real + real_.padding(real);
    if (!x_.is_complex()) return start;
    const std::string imaginary = imaginary_(value.imag());
    return start + (imaginary[0] == '-' ? "" : "+") + imaginary + "j" +
           imaginary_.padding(imaginary);
  }

  const Tensor& x_;
  const char* data_;
  size_t width_ = 0;
  std::vector<double> reals_, imaginaries_;
  FloatFormat real_, imaginary_;
};

class Writer {
 public:
  Writer(const Tensor& x, int indent)
      : x_(x), formatter_(x), summarised_(x.numel() > print_options().threshold), indent_(indent) {}

  std::string text() {
    visit(0, 0, [&](int64_t place) { formatter_.look_at(place); });
    formatter_.settle();
    write(0, 0, indent_);
    return std::move(out_);
  }

 private:
  /// Which indices of a dim are shown; -1 stands for "...".
  std::vector<int64_t> shown(size_t dim) const {
    const int64_t size = x_.sizes()[dim], edge = print_options().edge_items;
    std::vector<int64_t> indices;
    for (int64_t i = 0; i < size; ++i) {
      if (summarised_ && size > 2 * edge && i == edge) {
        indices.push_back(-1);
        i = size - edge;
        if (i >= size) break;
      }
      indices.push_back(i);
    }
    return indices;
  }

  template <class F>
  void visit(size_t dim, int64_t place, F function) {
    if (dim == x_.sizes().size()) return function(place);
    for (const int64_t i : shown(dim)) {
      if (i >= 0) visit(dim + 1, place + i * x_.strides()[dim], function);
    }
  }

  void write(size_t dim, int64_t place, int indent) {
    if (dim == x_.sizes().size()) {
      out_ += formatter_(place);
    } else if (dim + 1 == x_.sizes().size()) {
      write_row(dim, place, indent);
    } else {
      out_ += '[';
      bool first = true;
      for (const int64_t i : shown(dim)) {
        if (!first) {
          // As many line breaks as brackets closed.
          out_ += ',';
          out_.append(x_.sizes().size() - dim - 1, '\n');
          out_.append(static_cast<size_t>(indent) + 1, ' ');
        }
        first = false;
        if (i < 0) {
          out_ += "...";
        } else {
          write(dim + 1, place + i * x_.strides()[dim], indent + 1);
        }
      }
      out_ += ']';
    }
  }

  void write_row(size_t dim, int64_t place, int indent) {
    out_ += '[';
    auto column = static_cast<size_t>(indent) + 1;
    bool first = true;
    for (const int64_t i : shown(dim)) {
      const std::string text = i < 0 ? "..." : formatter_(place + i * x_.strides()[dim]);
      if (!first) {
        out_ += ',';
        ++column;
        if (column + text.size() + 2 > static_cast<size_t>(print_options().line_width)) {
          out_ += '\n';
          out_.append(static_cast<size_t>(indent) + 1, ' ');
          column = static_cast<size_t>(indent) + 1;
        } else {
          out_ += ' ';
          ++column;
        }
      }
      first = false;
      out_ += text;
      column += text.size();
    }
    out_ += ']';
  }

  const Tensor& x_;
  Formatter formatter_;
  bool summarised_;
  int indent_;
  std::string out_;
};

}  // namespace

PrintOptions& print_options() {
  static PrintOptions options;
  return options;
}

std::string Tensor::to_string() const {
  constexpr std::string_view kStart = "tensor(";
  if (!defined()) return "tensor(undefined)";
  const bool plain_dtype = dtype() == kFloat32 || dtype() == kInt64 || dtype() == kBool;
  const std::string dtype_text = plain_dtype ? "" : fmt::format(", dtype={}", name_of(dtype()));
  std::string sizes_text = fmt::format("{}", tenon::to_string(sizes()));
  sizes_text.front() = '(';
  sizes_text.back() = ')';
  if (dim() == 1) sizes_text.insert(sizes_text.size() - 1, ",");
  if (device() == kMeta) {
    return fmt::format("tensor(..., device='meta', size={}{})", sizes_text, dtype_text);
  }
  if (numel() == 0) {
    const std::string size = dim() == 1 ? "" : fmt::format(", size={}", sizes_text);
    return fmt::format("tensor([]{}{})", size, dtype_text);
  }
  Writer writer(*this, static_cast<int>(kStart.size()));
  return fmt::format("{}{}{})", kStart, writer.text(), dtype_text);
}

std::ostream& operator<<(std::ostream& out, const Tensor& tensor) {
  return out << tensor.to_string();
}

}  // namespace tenon
