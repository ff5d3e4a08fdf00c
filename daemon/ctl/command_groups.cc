#include "daemon/ctl/command_groups.h"

#include "daemon/ctl/connection_flags.h"

namespace fleetmeter::ctl {
namespace {

constexpr char kImportFooter[] =
    "Times are dates (midnight UTC), RFC 3339 times, or \"2026-01-01 08:00:00.25\", which is UTC.\n"
    "Files may be compressed with gzip.\n"
    "\n"
    "A file may be imported twice, or again after an import was cut off: everything is counted\n"
    "once. What was settled is not sent again. Time of a source that any file has already brought\n"
    "is not counted again.\n"
    "\n"
    "Examples:\n"
    "  fleetmeterctl import inference requests.csv --every 1h --source gateway --dry-run\n"
    "  fleetmeterctl import inference deploy/outcomes/example_requests.csv --every 1d\n"
    "  fleetmeterctl import usage deploy/outcomes/example_usage.csv\n"
    "  fleetmeterctl import training deploy/outcomes/example_training.csv --source platform\n"
    "  fleetmeterctl import benchmarks deploy/outcomes/example_models.csv \\\n"
    "                --suite deploy/outcomes/benchmarks.yaml --source evaluations\n"
    "\n"
    "Exit codes:\n"
    "  0  All of the file is in the books.\n"
    "  1  There was an error, which standard error describes. What was settled stays in the\n"
    "     books; run the same command again to go on.\n"
    "  2  The command line is wrong.\n"
    "  4  The import is done, but some rows were refused or rejected, or cover time that was\n"
    "     counted before.";

constexpr char kExportFooter[] =
    "Examples:\n"
    "  fleetmeterctl export openmetrics --ledger ledger.db --from 2024-01-01 --to 2026-01-01 \\\n"
    "                --label cluster=east --to-file history.om\n"
    "  promtool tsdb create-blocks-from openmetrics history.om /var/lib/prometheus\n"
    "\n"
    "Export the time before Prometheus scraped the daemon. Prometheus takes a value for the 5\n"
    "minutes after it only, unless it is started with --query.lookback-delta of the step.";

constexpr char kSourceFooter[] =
    "Examples:\n"
    "  fleetmeterctl source list --state unaccounted\n"
    "  fleetmeterctl source forget gpu-17 --reason 'returned to the vendor'\n"
    "  fleetmeterctl source rename gpu-17 gpu-17.east.example --reason 'reports its long name now'";

constexpr CommandGroup kGroups[] = {
    {"plan", "Show, make and compare plans and the allocation framework that they are made from",
     "", nullptr},
    {"admin", "Operate a daemon. These commands need the role admin", "", AddAdminAddress},
    {"source",
     "See the sources of usage, and state what became of them. These commands need the "
     "role admin",
     kSourceFooter, AddAdminAddress},
    {"export", "Write what the books hold for other programs", kExportFooter, nullptr},
    {"outcomes",
     "Show what allocations led to, from the daemon's books, a ledger's file or CSV files", "",
     nullptr},
    {"import",
     "Bring history from a CSV file into a daemon's books. These commands need the role ingest for "
     "all pools",
     kImportFooter, AddIngestAddress},
    {"ledger",
     "Check, copy and restore the file of the books, and list what people decided about them", "",
     nullptr},
};

}  // namespace

const CommandGroup* FindGroup(std::string_view name) {
  for (const CommandGroup& group : kGroups) {
    if (group.name == name) return &group;
  }
  return nullptr;
}

}  // namespace fleetmeter::ctl
