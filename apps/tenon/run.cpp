#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>

#include "apps/tenon/command.h"
#include "apps/tenon/suggest.h"
#include "tenon/base/error.h"
#include "tenon/io/atomic_file.h"

namespace tenon::app {

CLI::App* add_command(CLI::App& app, Session& session, const std::string& name,
                      const std::string& description, const std::string& examples,
                      std::function<void(Session&)> body) {
  CLI::App* command = app.add_subcommand(name, description);
  command->footer("\nExamples:\n" + examples);
  command->add_option("--json", session.json_path, "Write every result to this file as JSON")
      ->type_name("FILE");
  command->callback([&session, name, body = std::move(body)] {
    session.run = [&session, name, body] {
      session.result["command"] = name;
      body(session);
    };
  });
  return command;
}

namespace {

constexpr int kWrongUsage = 2;

/// Whether the first word is no command, and says so: CLI11 would only ask for one.
bool refuse_unknown_command(const CLI::App& app, std::string_view word) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (command->get_name() == word) return false;
    names.push_back(command->get_name());
  }
  const std::string meant = closest_name(word, names);
  fmt::print(stderr, "tenon: there is no command '{}'; {}\n", word,
             meant.empty() ? fmt::format("expected one of {}", fmt::join(names, ", "))
                           : fmt::format("did you mean '{}'?", meant));
  fmt::print(stderr, "Run with --help for more information.\n");
  return true;
}

int parse_and_run(int argc, const char* const* argv) {
  CLI::App app("Tenon: train, evaluate and use networks from the command line", "tenon");
  app.footer(
      "\nExamples:\n"
      "  tenon train digits                       train a CNN on digits that Tenon draws\n"
      "  tenon train digits --data mnist          on the IDX files of a folder\n"
      "  tenon evaluate digits.safetensors        test what was saved\n"
      "  tenon predict digits.safetensors 7.png   read one digit\n"
      "  tenon COMMAND --help                     what a command takes\n"
      "\nExit codes: 0 done, 1 an error (it says which), 2 wrong usage.");
  app.require_subcommand(1);
  app.get_formatter()->column_width(34);
  Session session;
  add_train(app, session);
  add_evaluate(app, session);
  add_predict(app, session);
  add_run(app, session);
  add_inspect(app, session);
  add_bench(app, session);
  add_doctor(app, session);
  add_version(app, session);
  if (argc > 1 && argv[1][0] != '-' && refuse_unknown_command(app, argv[1])) return kWrongUsage;
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kWrongUsage;
  }
  if (!session.json_path.empty()) check_can_write(session.json_path, "--json");
  session.run();
  if (!session.json_path.empty()) {
    write_file(session.json_path, session.result.dump(2) + "\n", "--json");
  }
  return session.exit_code;
}

}  // namespace

int run(int argc, const char* const* argv) {
  try {
    const int exit_code = parse_and_run(argc, argv);
    if (std::fflush(stdout) != 0) {
      fail<IoError>("tenon", fmt::format("writing to standard output failed: {}; free space, or "
                                         "send it elsewhere",
                                         std::strerror(errno)));
    }
    return exit_code;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "tenon: %s\n", error.what());
    return 1;
  }
}

}  // namespace tenon::app
