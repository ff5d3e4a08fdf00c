#include "daemon/ctl/command_line.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <string>

#include "daemon/base/text.h"
#include "daemon/base/version.h"
#include "daemon/ctl/command_groups.h"
#include "daemon/ctl/connection_flags.h"
#include "daemon/ctl/did_you_mean.h"
#include "daemon/security/client_tls.h"

namespace fleetmeter::ctl {

#define COMMAND(file, name) std::unique_ptr<Command> Make##name(const Connection& connection);
#include "daemon/ctl/commands/commands.list"
#undef COMMAND

namespace {

constexpr char kAbout[] =
    "fleetmeterctl asks a fleetmeterd about pools, headroom, supply, plan and outcomes. Without a\n"
    "daemon, it works with frameworks, plans, CSV files of history and the ledger's file.\n"
    "Amounts are in H100-equivalents (H100e) unless they say chips. A number that is not known is\n"
    "\"-\" in a table, null in JSON and empty in CSV.";

constexpr char kExamples[] =
    "Examples:\n"
    "  fleetmeterctl pools\n"
    "  fleetmeterctl pools --output json | jq '.pools[] | {pool, headroom_h100e}'\n"
    "  fleetmeterctl headroom serving-api --ask 512 && start-the-job\n"
    "  fleetmeterctl headroom serving-api --watch --interval 5s\n"
    "  fleetmeterctl supply --output csv\n"
    "  fleetmeterctl plan show\n"
    "  fleetmeterctl plan show --plan deploy/plans/framework.yaml\n"
    "  fleetmeterctl simulate --plan deploy/plans/framework.yaml --share research=70%\n"
    "  fleetmeterctl outcomes margin --window quarter --basis used\n"
    "  fleetmeterctl outcomes capability --ledger books.db --suite benchmarks.yaml\n"
    "  fleetmeterctl outcomes margin --inference deploy/outcomes/example_inference.csv \\\n"
    "                --to 2026-01-01\n"
    "  fleetmeterctl import usage deploy/outcomes/example_usage.csv --dry-run\n"
    "  fleetmeterctl check deploy/fleetmeterd.yaml\n"
    "  fleetmeterctl --address meter.example:7444 --tls-ca ca.pem --tls-certificate me.pem \\\n"
    "                --tls-key me-key.pem top\n"
    "  fleetmeterctl admin reload\n"
    "  fleetmeterctl report --ledger books.db --from 2026-01-01 --to 2026-02-01 --by pool,chip\n"
    "  fleetmeterctl ledger backup --ledger books.db --to books-2026-02-01.db\n"
    "\n"
    "Exit codes:\n"
    "  0  The command is done.\n"
    "  1  There was an error, which standard error describes.\n"
    "  2  The command line is wrong.\n"
    "  3  headroom --ask: it does not fit, or too little is known to say so.\n"
    "  4  import: the import is done, but not all of the file is in the books.";

std::vector<std::unique_ptr<Command>> MakeCommands(const Connection& connection) {
  std::vector<std::unique_ptr<Command>> commands;
#define COMMAND(file, name) commands.push_back(Make##name(connection));
#include "daemon/ctl/commands/commands.list"
#undef COMMAND
  return commands;
}

// The command or group that was named last.
const CLI::App& Named(const CLI::App& root) {
  const CLI::App* app = &root;
  while (!app->get_subcommands().empty()) app = app->get_subcommands().front();
  return *app;
}

std::vector<std::string> CommandsOf(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands(nullptr)) names.push_back(command->get_name());
  return names;
}

// Of the command, and those that it takes from what is above it.
std::vector<std::string> OptionsOf(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* owner = &app; owner != nullptr; owner = owner->get_parent()) {
    for (const CLI::Option* option : owner->get_options()) {
      for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    }
  }
  return names;
}

std::string NameOf(const CLI::App& app) {
  const CLI::App* parent = app.get_parent();
  return parent == nullptr ? app.get_name() : NameOf(*parent) + " " + app.get_name();
}

// A sentence about a word that is none of `known`: the nearest of them, or all.
std::string Unknown(const std::string& word, const std::string& what,
                    const std::vector<std::string>& known) {
  if (const auto meant = DidYouMean(word, known)) {
    return fmt::format("{} is not {}. Did you mean {}?\n", Quoted(word), what, *meant);
  }
  return fmt::format("{} is not {}; expected one of: {}\n", Quoted(word), what,
                     fmt::join(known, ", "));
}

// What was typed and is no option or no command; empty: that is not what is wrong.
std::string Misnamed(const CLI::App& root) {
  const CLI::App& app = Named(root);
  std::vector<std::string> rest = root.remaining(true);
  std::erase(rest, "--");  // only says that no option follows
  const auto option = std::find_if(rest.begin(), rest.end(),
                                   [](const std::string& word) { return word.starts_with('-'); });
  if (option != rest.end()) {
    return Unknown(option->substr(0, option->find('=')), "an option of " + NameOf(app),
                   OptionsOf(app));
  }
  const std::vector<std::string> commands = CommandsOf(app);
  if (commands.empty()) return "";
  if (!rest.empty()) return Unknown(rest.front(), "a command of " + NameOf(app), commands);
  return fmt::format("{} takes a command; expected one of: {}\n", NameOf(app),
                     fmt::join(commands, ", "));
}

// The library's own words, except for names that are wrong: it knows no nearest one, and of a
// command that there is not it only says that there is none.
std::string Complaint(const CLI::App* root, const CLI::Error& error) {
  const bool leftover = error.get_name() == "RequiredError" || error.get_name() == "ExtrasError";
  std::string text = leftover ? Misnamed(*root) : "";
  if (text.empty()) text = std::string(error.what()) + "\n";
  return text + "Run with --help for more information.\n";
}

}  // namespace

CommandLine::CommandLine()
    : commands_(MakeCommands(connection_)),
      app_(std::make_unique<CLI::App>(kAbout, "fleetmeterctl")) {
  app_->footer(kExamples);
  app_->require_subcommand(1);
  app_->failure_message(Complaint);
  AddConnectionFlags(*app_, &connection_);
  app_->set_version_flag("--version", std::string("fleetmeterctl ") + kVersion);
  for (const auto& command : commands_) Add(*command);
}

CommandLine::~CommandLine() = default;

void CommandLine::Add(Command& command) {
  CLI::App* app = GroupOf(command).add_subcommand(command.path().back(), command.help());
  app->fallthrough();
  command.AddFlags(*app);
  app->callback([this, &command] {
    if (const absl::Status status = command.CheckFlags(); !status.ok()) {
      throw CLI::ValidationError(std::string(status.message()));
    }
    called_ = &command;
  });
}

// Made with the first of its commands, so that it has their place in the help.
CLI::App& CommandLine::GroupOf(const Command& command) {
  if (command.path().size() == 1) return *app_;
  const std::string& name = command.path().front();
  const auto made =
      app_->get_subcommands([&](const CLI::App* app) { return app->get_name() == name; });
  if (!made.empty()) return *made.front();
  const CommandGroup* group = FindGroup(name);
  if (group == nullptr) throw CLI::IncorrectConstruction(name + " is not in command_groups.cc");
  CLI::App* app = app_->add_subcommand(name, group->help);
  app->fallthrough();
  app->require_subcommand(1);
  app->footer(group->footer);
  if (group->add_flags != nullptr) group->add_flags(*app, &connection_);
  return *app;
}

std::optional<int> CommandLine::Parse(int argc, const char* const* argv) {
  try {
    app_->parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    // The library has an exit code for each kind of error; ours is one for all of them.
    return app_->exit(error) == 0 ? kExitOk : kExitUsage;
  }
  return std::nullopt;
}

int CommandLine::Run() {
  if (const auto address = called_->CalledAddress()) {
    if (const absl::Status status = CheckClientTls(connection_.tls, *address); !status.ok()) {
      ExitCode(status);
      return kExitUsage;
    }
  }
  return called_->Run();
}

}  // namespace fleetmeter::ctl
