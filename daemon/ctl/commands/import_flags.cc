#include "daemon/ctl/commands/import_flags.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "daemon/base/clock.h"
#include "daemon/base/text.h"
#include "daemon/base/units.h"
#include "daemon/ctl/commands/add_output.h"
#include "daemon/ctl/commands/flags.h"
#include "daemon/ctl/query_client.h"

namespace fleetmeter::ctl {
namespace {

constexpr char kFooter[] =
    "Times are dates (midnight UTC), RFC 3339, or \"2026-01-01 08:00:00.25\", which is UTC. Files\n"
    "may be gzip.\n"
    "\n"
    "Importing a file twice, or again after it was cut off, counts everything once: what was\n"
    "settled is not sent again, and time of a source that was counted before, by whatever file, "
    "is\n"
    "not counted again.\n"
    "\n"
    "Examples:\n"
    "  fleetmeterctl import inference requests.csv --every 1h --source gateway --dry-run\n"
    "  fleetmeterctl import inference deploy/outcomes/example_requests.csv --every 1d\n"
    "  fleetmeterctl import usage deploy/outcomes/example_usage.csv\n"
    "  fleetmeterctl import training deploy/outcomes/example_training.csv --source platform\n"
    "  fleetmeterctl import benchmarks deploy/outcomes/example_models.csv \\\n"
    "                --suite deploy/outcomes/benchmarks.yaml --source evaluations\n"
    "\n"
    "Exit codes: 0 all of the file is in the books; 1 an error, told on standard error: what was\n"
    "settled stays so, and the same command goes on; 2 a wrong command line; 4 the import is "
    "done,\n"
    "but rows were refused or rejected, or covered time that was counted before.";

void AddLength(CLI::App* app, const std::string& name, const std::string& help, int64_t longest,
               bool divides_day, std::optional<int64_t>* out) {
  const auto read = [=](const std::string& text) {
    const auto nanos = ParseDuration(text);
    if (!nanos || *nanos < kNanosPerSecond || *nanos > longest ||
        (divides_day && kDay % *nanos != 0)) {
      throw CLI::ValidationError(fmt::format("{}: {} is not a length from 1s to {}{}", name,
                                             Quoted(text), FormatDuration(longest),
                                             divides_day ? " that divides a day" : ""));
    }
    *out = nanos;
  };
  app->add_option_function<std::string>(name, read, help)->type_name("DURATION");
}

CLI::App* AddKind(CLI::App* import, const std::string& name, const std::string& help,
                  const std::string& columns, ImportKind kind, Flags* flags) {
  CLI::App* app = import->add_subcommand(name, help);
  app->fallthrough();
  ImportFlags& to = flags->import;
  app->add_option("FILE", to.file, "CSV: " + columns)->required();
  app->add_option("--source", to.source,
                  "Who knows it; else the file's name without folder and extensions")
      ->type_name("NAME");
  app->add_option("--refused", to.refused,
                  "Write the rows that are not in the books by this import to a file, with why")
      ->type_name("FILE");
  app->add_flag("--dry-run", to.dry_run, "Read all of it and say what would be sent; send nothing");
  app->add_flag("--quiet,-q", to.quiet, "Show no progress");
  AddOutput(app, &flags->output);
  app->callback([flags, kind] {
    flags->command = Command::kImport;
    flags->import.kind = kind;
  });
  return app;
}

void AddColumn(CLI::App* app, const std::string& name, std::string* column) {
  app->add_option(name, *column, "What the file calls this column")
      ->type_name("COLUMN")
      ->capture_default_str();
}

void AddInference(CLI::App* import, Flags* flags) {
  CLI::App* app =
      AddKind(import, "inference", "Requests and tokens served, and what they earned",
              "start, model, requests, input_tokens, output_tokens; optional: end, customer_tier, "
              "cached_input_tokens, revenue_usd (else the daemon's price book says it), pool, "
              "workload. Rows of one start, model, tier, pool and workload are added up",
              ImportKind::kInference, flags);
  AddLength(app, "--window",
            "How long windows without an end are; else a calendar month where all start with "
            "one, or as long as the shortest time between two starts",
            366 * kDay, false, &flags->import.window_nanos);
  AddLength(app, "--every", "Put rows into windows of this length, for files with a row a request",
            kDay, true, &flags->import.every_nanos);
}

void AddTraining(CLI::App* import, Flags* flags) {
  CLI::App* app = AddKind(
      import, "training", "What models took to train",
      "model, date (or start), h100e_hours or FLOP; optional: end (else the day), family, run "
      "(else the model), phase (pre or post; else pre), pool. Reported as SOURCE/RUN/PHASE",
      ImportKind::kTraining, flags);
  ImportFlags& to = flags->import;
  app->add_option("--framework", to.framework,
                  "Framework file, whose peak FLOP/s and MFU make hours of FLOP")
      ->type_name("FILE");
  AddColumn(app, "--model-column", &to.columns.model);
  AddColumn(app, "--date-column", &to.columns.date);
  AddColumn(app, "--family-column", &to.columns.family);
  AddColumn(app, "--flop-column", &to.flop_column);
}

void AddBenchmarks(CLI::App* import, Flags* flags) {
  CLI::App* app = AddKind(
      import, "benchmarks", "Scores of models",
      "model, date, benchmark, score; optional: family, version, source (who measured it); or a "
      "model a row with the suite's columns",
      ImportKind::kBenchmarks, flags);
  ImportFlags& to = flags->import;
  app->add_option("--suite", to.suite, "The benchmark suite, YAML")->type_name("FILE")->required();
  AddColumn(app, "--model-column", &to.columns.model);
  AddColumn(app, "--date-column", &to.columns.date);
  AddColumn(app, "--family-column", &to.columns.family);
}

void AddUsage(CLI::App* import, Flags* flags) {
  AddKind(
      import, "usage", "Chip-time, for times before the meter",
      "start, end (or length), chip, chip_hours; optional: source, state (else assigned), pool, "
      "team, workload, workload_type, model, run, signal, busy_chip_hours, "
      "productive_chip_hours. Rows of one source and window are one report",
      ImportKind::kUsage, flags);
}

}  // namespace

void AddImport(CLI::App* app, Flags* flags) {
  CLI::App* import = app->add_subcommand(
      "import",
      "Bring history from a CSV file to a daemon's books; takes the role ingest for all pools");
  import->fallthrough();
  import->require_subcommand(1);
  import->footer(kFooter);
  import->add_option("--ingest-address", flags->import.ingest_address, "The daemon's listen.ingest")
      ->envname("FLEETMETER_INGEST_ADDRESS")
      ->type_name("HOST:PORT")
      ->check(CLI::Validator(
          [](std::string& address) { return std::string(CheckAddress(address).message()); }, ""))
      ->capture_default_str();
  AddUsage(import, flags);
  AddInference(import, flags);
  AddTraining(import, flags);
  AddBenchmarks(import, flags);
}

}  // namespace fleetmeter::ctl
