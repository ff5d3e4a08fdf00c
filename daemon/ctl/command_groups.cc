#include "daemon/ctl/command_groups.h"

#include "daemon/ctl/connection_flags.h"

namespace fleetmeter::ctl {
namespace {

constexpr char kImportFooter[] =
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

constexpr CommandGroup kGroups[] = {
    {"plan", "Plans, and the allocation framework that they are made from", "", nullptr},
    {"admin", "What takes the role admin", "", AddAdminAddress},
    {"outcomes",
     "What allocations led to: by the daemon's books, by a ledger's file, or by CSV files", "",
     nullptr},
    {"import",
     "Bring history from a CSV file to a daemon's books; takes the role ingest for all pools",
     kImportFooter, AddIngestAddress},
    {"ledger", "The books' file: check it, copy it, go back", "", nullptr},
};

}  // namespace

const CommandGroup* FindGroup(std::string_view name) {
  for (const CommandGroup& group : kGroups) {
    if (group.name == name) return &group;
  }
  return nullptr;
}

}  // namespace fleetmeter::ctl
