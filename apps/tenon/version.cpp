#include <fmt/format.h>

#include "apps/tenon/command.h"
#include "tenon/base/version.h"

namespace tenon::app {

void add_version(CLI::App& app, Session& session) {
  add_command(app, session, "version", "Print Tenon's version", "  tenon version\n",
              [](Session& run) {
                run.result["version"] = version();
                fmt::print("tenon {}\n", version());
              });
}

}  // namespace tenon::app
