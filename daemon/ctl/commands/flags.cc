#include "daemon/ctl/commands/flags.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cmath>

#include "daemon/base/units.h"
#include "daemon/base/version.h"
#include "daemon/ctl/commands/add_output.h"
#include "daemon/ctl/query_client.h"
#include "daemon/security/tls_flags.h"

namespace fleetmeter::ctl {
namespace {

constexpr char kAbout[] =
    "fleetmeterctl: ask a fleetmeterd about pools, headroom, supply and plan.\n"
    "All amounts are in H100-equivalents (H100e) unless they say chips. \"-\" in a table, null in\n"
    "JSON and nothing in CSV mean that a number is not known.";

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
    "Exit codes: 0 done; 1 an error, told on standard error; 2 a wrong command line;\n"
    "3 (headroom --ask) it does not fit, or too little is known to say so;\n"
    "4 (import) done, but not all of the file is in the books by it.";

constexpr std::chrono::nanoseconds kShortest = std::chrono::milliseconds(1);
constexpr std::chrono::nanoseconds kLongest = std::chrono::hours(1);
constexpr std::chrono::nanoseconds kShortestInterval = std::chrono::milliseconds(100);

// An option that takes a duration such as 500ms.
CLI::Option* AddDuration(CLI::App* app, const std::string& name, const std::string& help,
                         std::chrono::nanoseconds shortest, std::chrono::nanoseconds* out) {
  const auto read = [name, shortest, out](const std::string& text) {
    const auto nanos = ParseDuration(text);
    if (!nanos || *nanos < shortest.count() || *nanos > kLongest.count()) {
      throw CLI::ValidationError(fmt::format("{}: '{}' is not a duration from {} to {}", name, text,
                                             FormatDuration(shortest.count()),
                                             FormatDuration(kLongest.count())));
    }
    *out = std::chrono::nanoseconds(*nanos);
  };
  return app->add_option_function<std::string>(name, read, help)
      ->type_name("DURATION")
      ->default_str(FormatDuration(out->count()));
}

void AddHeadroom(CLI::App* app, Flags* flags) {
  CLI::App* headroom = app->add_subcommand(
      "headroom", "One pool: what can be admitted now, what can be borrowed, whom to ask");
  headroom->fallthrough();
  headroom->add_option("POOL", flags->pool, "Name of the pool")->required();
  const auto read_ask = [flags](const double& h100e) {
    if (!(h100e > 0) || !std::isfinite(h100e)) {
      throw CLI::ValidationError("--ask: expected an amount of H100e above 0");
    }
    flags->ask_h100e = h100e;
  };
  headroom
      ->add_option_function<double>(
          "--ask", read_ask,
          "Do so many H100e fit now? Exit code 0: they fit into the pool's own headroom; 3: they "
          "do not, or it is not known. A watch that is ended exits with 0")
      ->type_name("H100E");
  headroom->add_flag("--watch,-w", flags->watch,
                     "Print again whenever it changes, until SIGINT or SIGTERM");
  AddDuration(headroom, "--interval", "Shortest time between two answers of --watch",
              kShortestInterval, &flags->interval);
  AddOutput(headroom, &flags->output);
  headroom->callback([flags] { flags->command = Command::kHeadroom; });
}

void AddTop(CLI::App* app, Flags* flags) {
  CLI::App* top = app->add_subcommand(
      "top", "A live table of all pools; ends on SIGINT, SIGTERM or the end of its input");
  top->fallthrough();
  top->add_flag("--once", flags->once, "Print one table and exit");
  top->callback([flags] { flags->command = Command::kTop; });
}

void AddSimple(CLI::App* app, const std::string& name, const std::string& help, Command command,
               Flags* flags) {
  CLI::App* subcommand = app->add_subcommand(name, help);
  subcommand->fallthrough();
  AddOutput(subcommand, &flags->output);
  subcommand->callback([flags, command] { flags->command = command; });
}

void AddCheck(CLI::App* app, Flags* flags) {
  CLI::App* check = app->add_subcommand(
      "check",
      "Read a configuration with its catalog and plans and say what is wrong, as "
      "fleetmeterd --check-config does");
  check->fallthrough();
  check->add_option("CONFIG", flags->config, "Configuration file")->required();
  check->callback([flags] { flags->command = Command::kCheck; });
}

CLI::Validator AddressCheck() {
  return CLI::Validator(
      [](std::string& address) { return std::string(CheckAddress(address).message()); }, "");
}

void AddAdmin(CLI::App* app, Flags* flags) {
  CLI::App* admin = app->add_subcommand("admin", "What takes the role admin");
  admin->fallthrough();
  admin->require_subcommand(1);
  admin->add_option("--admin-address", flags->admin_address, "The daemon's listen.admin")
      ->envname("FLEETMETER_ADMIN_ADDRESS")
      ->type_name("HOST:PORT")
      ->check(AddressCheck())
      ->capture_default_str();
  CLI::App* reload = admin->add_subcommand(
      "reload",
      "Have the daemon read configuration, catalog, plans and TLS files again. Exit code 1: some "
      "were refused, and standard error says why");
  reload->fallthrough();
  reload->callback([flags] { flags->command = Command::kAdminReload; });
}

void AddGlobal(CLI::App* app, Flags* flags) {
  app->add_option("--address", flags->address, "The daemon's listen.query")
      ->envname("FLEETMETER_ADDRESS")
      ->type_name("HOST:PORT")
      ->check(AddressCheck())
      ->capture_default_str();
  AddDuration(app, "--timeout", "How long to wait for an answer", kShortest, &flags->timeout);
  AddTlsFlags(*app, &flags->tls);
  app->set_version_flag("--version", std::string("fleetmeterctl ") + kVersion);
}

}  // namespace

std::optional<int> ParseFlags(int argc, const char* const* argv, Flags* flags) {
  CLI::App app(kAbout, "fleetmeterctl");
  app.footer(kExamples);
  app.require_subcommand(1);
  AddGlobal(&app, flags);
  AddSimple(&app, "pools", "All pools", Command::kPools, flags);
  AddHeadroom(&app, flags);
  AddSimple(&app, "supply", "Chips by provider and kind", Command::kSupply, flags);
  AddPlan(&app, flags);
  AddSimulate(&app, flags);
  AddSensitivity(&app, flags);
  AddCheck(&app, flags);
  AddAdmin(&app, flags);
  AddTop(&app, flags);
  AddReport(&app, flags);
  AddOutcomes(&app, flags);
  AddImport(&app, flags);
  AddLedger(&app, flags);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    // The library has an exit code for each kind of error; ours is one for all of them.
    return app.exit(error) == 0 ? kExitOk : kExitUsage;
  }
  return std::nullopt;
}

}  // namespace fleetmeter::ctl
