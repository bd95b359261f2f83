#include "tenon/train/progress.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace tenon::train {
namespace {

constexpr auto kRedraw = std::chrono::milliseconds(100);
constexpr auto kLog = std::chrono::seconds(10);

int terminal_width() {
  winsize size{};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
  return size.ws_col;
}

}  // namespace

std::string clock_text(double seconds) {
  const auto whole = static_cast<int64_t>(std::ceil(std::max(0.0, seconds)));
  const int64_t hours = whole / 3600, minutes = whole / 60 % 60, rest = whole % 60;
  return hours ? fmt::format("{}:{:02}:{:02}", hours, minutes, rest)
               : fmt::format("{}:{:02}", minutes, rest);
}

std::string progress_line(const std::string& title, int64_t done, int64_t total, double rate,
                          std::optional<double> loss, int width) {
  const std::string loss_text = loss ? fmt::format("  loss {:.4f}", *loss) : std::string();
  if (total < 0) return fmt::format("{} {}  {:.0f}/s{}", title, done, rate, loss_text);
  const double share = total > 0 ? static_cast<double>(done) / static_cast<double>(total) : 1.0;
  const std::string left =
      rate > 0 ? clock_text(static_cast<double>(total - done) / rate) : std::string("-");
  const std::string tail =
      fmt::format(" {}/{}  {:.0f}/s{}  {} left", done, total, rate, loss_text, left);
  const int room = width - 1 - static_cast<int>(title.size() + tail.size()) - 3;
  const int length = std::clamp(room, 0, 30);
  if (length < 5) return title + tail;
  const int filled = static_cast<int>(share * length);
  std::string bar(static_cast<size_t>(filled), '=');
  if (filled < length) bar += '>';
  bar.resize(static_cast<size_t>(length), ' ');
  return fmt::format("{} [{}]{}", title, bar, tail);
}

void log_line(const std::string& text) {
  std::fputs((text + "\n").c_str(), stderr);
  std::fflush(stderr);
}

Progress::Progress(std::string title, int64_t total, bool enabled)
    : title_(std::move(title)),
      total_(total),
      enabled_(enabled),
      terminal_(isatty(STDERR_FILENO) != 0),
      start_(Clock::now()),
      last_(start_) {}

double Progress::seconds() const {
  return std::chrono::duration<double>(Clock::now() - start_).count();
}

double Progress::rate(int64_t done) const {
  const double elapsed = seconds();
  return elapsed > 0 ? static_cast<double>(done - first_) / elapsed : 0;
}

void Progress::update(int64_t done, double loss) {
  if (!enabled_) return;
  const Clock::time_point now = Clock::now();
  const bool last = done >= total_;
  if (now - last_ < (terminal_ ? Clock::duration(kRedraw) : Clock::duration(kLog)) &&
      !(terminal_ && last)) {
    return;
  }
  last_ = now;
  if (terminal_) {
    const std::string line =
        progress_line(title_, done, total_, rate(done), loss, terminal_width());
    std::fputs(("\r\033[K" + line).c_str(), stderr);
    std::fflush(stderr);
    drawn_ = true;
  } else if (!last) {
    log_line(progress_line(title_, done, total_, rate(done), loss, 0));
  }
}

void Progress::finish() {
  if (drawn_) std::fputs("\r\033[K", stderr);
  drawn_ = false;
}

}  // namespace tenon::train
