#include "daemon/ctl/command_line.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <string>

#include "daemon/base/did_you_mean.h"
#include "daemon/base/text.h"
#include "daemon/base/version.h"
#include "daemon/ctl/client_config.h"
#include "daemon/ctl/command_footer.h"
#include "daemon/ctl/command_groups.h"
#include "daemon/ctl/connection_flags.h"
#include "daemon/ctl/exit_code.h"
#include "daemon/ctl/output_flag.h"
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
    "  fleetmeterctl pools --wide\n"
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
    "  fleetmeterctl request list --state open\n"
    "  fleetmeterctl budgets\n"
    "  fleetmeterctl lending --step 1d\n"
    "  fleetmeterctl check deploy/fleetmeterd.yaml\n"
    "  fleetmeterctl sources\n"
    "  fleetmeterctl rejected --source gpu-17\n"
    "  fleetmeterctl top\n"
    "  fleetmeterctl top --sort headroom --reverse --filter serving\n"
    "  fleetmeterctl --address meter.example:7444 --tls-ca ca.pem --tls-certificate me.pem \\\n"
    "                --tls-key me-key.pem top\n"
    "  fleetmeterctl admin reload\n"
    "  fleetmeterctl source forget gpu-17 --reason 'returned to the vendor'\n"
    "  fleetmeterctl reprice --from 2026-01-01 --to 2026-02-01 --reason 'nova has a price now'\n"
    "  fleetmeterctl report --ledger books.db --from 2026-01-01 --to 2026-02-01 --by pool,chip\n"
    "  fleetmeterctl report allocation --since 14d --to meeting.html\n"
    "  fleetmeterctl publish --to public\n"
    "  fleetmeterctl ledger backup --ledger books.db --to books-2026-02-01.db\n"
    "  fleetmeterctl completion bash > ~/.local/share/bash-completion/completions/fleetmeterctl\n"
    "\n"
    "Files:\n"
    "  /etc/fleetmeter/fleetmeterctl.yaml and ~/.config/fleetmeter/fleetmeterctl.yaml, which "
    "wins,\n"
    "  hold the addresses of daemons and our certificates:\n"
    "\n"
    "    address: meter.example:7444\n"
    "    admin_address: meter.example:7445\n"
    "    tls: {ca: ca.pem, certificate: me.pem, key: me-key.pem}\n"
    "\n"
    "  Paths are relative to the folder of the file. The environment wins over both, and flags "
    "win\n"
    "  over all.\n"
    "\n"
    "Exit codes:\n"
    "  0  The command is done.\n"
    "  1  There was an error, which standard error describes.\n"
    "  2  The command line is wrong.\n"
    "  3  headroom --ask: it does not fit, or too little is known to say so. request check: it "
    "may\n"
    "     be submitted and does not fit.\n"
    "  4  import: the import is done, but not all of the file is in the books.";

std::vector<std::unique_ptr<Command>> MakeCommands(const Connection& connection) {
  std::vector<std::unique_ptr<Command>> commands;
#define COMMAND(file, name) commands.push_back(Make##name(connection));
#include "daemon/ctl/commands/commands.list"
#undef COMMAND
  return commands;
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

bool HasWord(const std::vector<std::string>& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// What was typed and is no option or no command, or stands in the wrong place; empty: that is not
// what is wrong.
std::string Misnamed(const WrongCommandLine& wrong) {
  const auto option = std::find_if(wrong.rest.begin(), wrong.rest.end(),
                                   [](const std::string& word) { return word.starts_with('-'); });
  // Options behind a command that there is not may well be its own.
  const bool no_command = option != wrong.rest.begin() && !wrong.commands.empty();
  if (option != wrong.rest.end() && !no_command) {
    const std::string name = option->substr(0, option->find('='));
    if (HasWord(wrong.flags, name) || HasWord(wrong.short_flags, name)) {
      return fmt::format("{} belongs behind {}, whose option it is\n", Quoted(name), wrong.command);
    }
    return Unknown(name, "an option of " + wrong.command, wrong.flags);
  }
  if (wrong.commands.empty()) return "";
  if (!wrong.rest.empty()) {
    return Unknown(wrong.rest.front(), "a command of " + wrong.command, wrong.commands);
  }
  // It may work without one, and lack a flag.
  if (wrong.message.starts_with("--")) return "";
  return fmt::format("{} takes a command; expected one of: {}\n", wrong.command,
                     fmt::join(wrong.commands, ", "));
}

// What the reader of flags says, except for names that are wrong: it knows no nearest one, and of
// a command that there is not it only says that there is none.
std::string Complaint(const WrongCommandLine& wrong, bool json) {
  std::string text = wrong.leftover ? Misnamed(wrong) : "";
  if (text.empty()) text = wrong.message + "\n";
  if (json) {
    text.pop_back();
    return ErrorText(absl::InvalidArgumentError(text), OutputFormat::kJson);
  }
  return text + "Run with --help for more information.\n";
}

}  // namespace

CommandLine::CommandLine() : commands_(MakeCommands(connection_)), flags_(kAbout, "fleetmeterctl") {
  flags_.SetFooter(kExamples);
  flags_.RequireOneCommand();
  AddConnectionFlags(flags_, &connection_);
  AddConfigFile(flags_, &config_);
  flags_.AddVersion(std::string("fleetmeterctl ") + kVersion);
  for (const auto& command : commands_) Add(*command);
}

void CommandLine::Add(Command& command) {
  Flags flags = GroupOf(command).AddCommand(command.path().back(), command.help());
  flags.TakeFlagsOfParent();
  if (command.CallsAdmin()) AddAdminAddress(flags, &connection_);
  const std::string above = flags.footer();
  command.AddFlags(flags);
  // What stands below the help of a group or of the program is for all of its commands.
  const bool own = flags.footer() != above;
  flags.SetFooter((own ? flags.footer() : FooterOfCommand(above, command.path())) +
                  "\n\nFor the options of all commands, such as --address, see "
                  "fleetmeterctl --help.");
  command.TakeProgram(flags_);
  flags.SetCheck([this, &command] {
    const absl::Status status = command.CheckFlags();
    if (status.ok()) called_ = &command;
    return status;
  });
}

// Made with the first of its commands, so that it has their place in the help.
Flags CommandLine::GroupOf(const Command& command) {
  if (command.path().size() == 1) return flags_;
  const std::string& name = command.path().front();
  for (const Flags& made : flags_.commands()) {
    if (made.name() == name) return made;
  }
  const CommandGroup* group = FindGroup(name);
  if (group == nullptr) throw std::logic_error(name + " is not in command_groups.cc");
  Flags flags = flags_.AddCommand(name, group->help);
  flags.TakeFlagsOfParent();
  flags.RequireOneCommand();
  flags.SetFooter(group->footer);
  if (group->add_flags != nullptr) group->add_flags(flags, &connection_);
  return flags;
}

std::optional<int> CommandLine::Parse(int argc, const char* const* argv) {
  const bool json = AsksForJson(argc, argv);
  flags_.SetComplaint([json](const WrongCommandLine& wrong) { return Complaint(wrong, json); });
  if (const auto done = flags_.Parse(argc, argv)) return done;
  // Who calls no daemon needs no file about it, right or wrong.
  if (!called_->CalledAddress()) return std::nullopt;
  const absl::Status filled = FillFromConfiguration(config_, &connection_);
  if (!filled.ok()) return ExitCode(filled, called_->output());
  return std::nullopt;
}

int CommandLine::Run() {
  if (const auto address = called_->CalledAddress()) {
    if (const absl::Status status = CheckClientTls(connection_.tls, *address); !status.ok()) {
      ExitCode(status, called_->output());
      return kExitUsage;
    }
  }
  return called_->Run();
}

}  // namespace fleetmeter::ctl
