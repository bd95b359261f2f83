#include <fmt/format.h>
#include <png.h>
#include <sys/utsname.h>
#include <unistd.h>
#include <zlib.h>

#include <fstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "apps/tenon/command.h"
#include "tenon/base/parallel.h"
#include "tenon/base/version.h"
#include "tenon/dispatch/backend.h"

namespace tenon::app {
namespace {

std::string first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

std::string processor() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (line.rfind("model name", 0) == 0) return line.substr(line.find(':') + 2);
  }
  return "unknown";
}

std::string system_name() {
  utsname name{};
  uname(&name);
  return fmt::format("{} {} {}", name.sysname, name.release, name.machine);
}

std::string memory() {
  const auto pages = static_cast<double>(sysconf(_SC_PHYS_PAGES));
  const double bytes = pages * static_cast<double>(sysconf(_SC_PAGE_SIZE));
  return fmt::format("{:.1f} GiB", bytes / (1 << 30));
}

/// What the control group allows, version 2 or 1.
std::string memory_limit() {
  std::string limit = first_line("/sys/fs/cgroup/memory.max");
  if (limit.empty()) limit = first_line("/sys/fs/cgroup/memory/memory.limit_in_bytes");
  constexpr double kNone = 0x1p60;  // version 1 says "none" with a huge number
  if (limit.empty() || limit == "max" || std::stod(limit) > kNone) return "none";
  return fmt::format("{:.1f} GiB", std::stod(limit) / (1 << 30));
}

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "not set";
}

void doctor(Session& session) {
  std::vector<std::pair<std::string, std::string>> facts = {
      {"tenon", std::string(version())},
      {"system", system_name()},
      {"processor", processor()},
      {"cores", fmt::format("{}", std::thread::hardware_concurrency())},
      {"threads", fmt::format("{}", num_threads())},
      {"OMP_NUM_THREADS", environment("OMP_NUM_THREADS")},
      {"memory", memory()},
      {"memory limit", memory_limit()},
  };
  for (auto& fact : backend_of(kCpu).describe()) facts.push_back(std::move(fact));
  facts.emplace_back("zlib", zlibVersion());
  facts.emplace_back("libpng", png_get_libpng_ver(nullptr));
  facts.emplace_back("fmt", fmt::format("{}.{}.{}", FMT_VERSION / 10000, FMT_VERSION / 100 % 100,
                                        FMT_VERSION % 100));
  facts.emplace_back("compiler", __VERSION__);
  for (const auto& [name, value] : facts) {
    fmt::print("{:<18} {}\n", name, value);
    session.result[name] = value;
  }
}

}  // namespace

void add_doctor(CLI::App& app, Session& session) {
  add_command(app, session, "doctor",
              "Describe the machine, its instruction sets, libraries, threads and memory limits",
              "  tenon doctor\n  tenon doctor --json machine.json\n",
              [](Session& run) { doctor(run); });
}

}  // namespace tenon::app
