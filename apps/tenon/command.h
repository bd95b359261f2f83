#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>

namespace tenon::app {

/// One run of the program: the subcommand that was asked for, and what it found out.
struct Session {
  std::function<void()> run;
  nlohmann::json result = nlohmann::json::object();
  std::string json_path;
  int exit_code = 0;
};

/// A subcommand with the options that all have; `body(session)` runs after everything is parsed.
CLI::App* add_command(CLI::App& app, Session& session, const std::string& name,
                      const std::string& description, const std::string& examples,
                      std::function<void(Session&)> body);

// One source file each.
void add_train(CLI::App& app, Session& session);
void add_evaluate(CLI::App& app, Session& session);
void add_predict(CLI::App& app, Session& session);
void add_run(CLI::App& app, Session& session);
void add_inspect(CLI::App& app, Session& session);
void add_bench(CLI::App& app, Session& session);
void add_doctor(CLI::App& app, Session& session);
void add_version(CLI::App& app, Session& session);

/// The whole program. Exit codes: 0 done, 1 an error, told on standard error, 2 wrong usage.
int run(int argc, const char* const* argv);

}  // namespace tenon::app
