#include "daemon/ctl/command_groups.h"

#include "daemon/ctl/connection_flags.h"

namespace fleetmeter::ctl {
namespace {

constexpr char kPlanFooter[] =
    "Examples:\n"
    "  fleetmeterctl plan show\n"
    "  fleetmeterctl plan show --plan deploy/plans/framework.yaml\n"
    "  fleetmeterctl plan compile --plan deploy/plans/framework.yaml --scenario recommendation\n"
    "  fleetmeterctl plan compile --decided --plan plan.yaml --catalog catalog.yaml \\\n"
    "                --to next-plan.yaml\n"
    "  fleetmeterctl plan diff deploy/plans/example.yaml \\\n"
    "                deploy/plans/framework.yaml#recommendation";

constexpr char kAdminFooter[] =
    "Examples:\n"
    "  fleetmeterctl admin reload\n"
    "  fleetmeterctl admin reload --admin-address 127.0.0.1:7445";

constexpr char kOutcomesFooter[] =
    "Examples:\n"
    "  fleetmeterctl outcomes margin --window quarter --basis used\n"
    "  fleetmeterctl outcomes margin --ledger ledger.db --window year --prices prices.yaml\n"
    "  fleetmeterctl outcomes margin --inference deploy/outcomes/example_inference.csv \\\n"
    "                --to 2026-01-01\n"
    "  fleetmeterctl outcomes capability\n"
    "  fleetmeterctl outcomes capability --ledger ledger.db --suite benchmarks.yaml\n"
    "  fleetmeterctl outcomes corrections --from 2026-01-01";

constexpr char kLedgerFooter[] =
    "Examples:\n"
    "  fleetmeterctl ledger verify --ledger ledger.db\n"
    "  fleetmeterctl ledger backup --ledger ledger.db --to ledger-2026-02-01.db\n"
    "  fleetmeterctl ledger restore --ledger ledger.db --from ledger-2026-02-01.db\n"
    "  fleetmeterctl ledger entries --ledger ledger.db\n"
    "  fleetmeterctl ledger requests --ledger ledger.db";

constexpr char kImportFooter[] =
    "Times are dates, RFC 3339 times, or seconds to nanoseconds since 1970. A time without an\n"
    "offset is in the zone of --time-zone, or else of the daemon's outcomes.time_zone. A file may\n"
    "be compressed with gzip.\n"
    "\n"
    "A file may be imported again, whether or not the first import came to its end. Nothing is\n"
    "counted twice. Only rows that were rejected or not sent before are sent again.\n"
    "\n"
    "If the books have some of the time already, and the file says something else, the import\n"
    "says so and leaves the books as they are. --correct then corrects the books by the file, and\n"
    "--correct --add adds the rows of the file to them. Both can be tried with --dry-run.\n"
    "\n"
    "Examples:\n"
    "  fleetmeterctl import inference requests.csv --every 1h --source gateway --dry-run\n"
    "  fleetmeterctl import inference deploy/outcomes/example_requests.csv --every 1d\n"
    "  fleetmeterctl import usage deploy/outcomes/example_usage.csv\n"
    "  fleetmeterctl import training deploy/outcomes/example_training.csv --source platform\n"
    "  fleetmeterctl import benchmarks deploy/outcomes/example_models.csv \\\n"
    "                --suite deploy/outcomes/benchmarks.yaml --source evaluations\n"
    "  fleetmeterctl import inference restated.csv --source gateway --correct --dry-run\n"
    "\n"
    "Exit codes:\n"
    "  0  All rows of the file are in the books.\n"
    "  1  There was an error, which standard error describes. What was counted stays in the\n"
    "     books. When the error is mended, run the same command again to go on.\n"
    "  2  The command line is wrong.\n"
    "  4  The import came to its end, but some rows are not in the books. The file has mistakes\n"
    "     in them, the daemon rejected them, the books have their time already, or you did not\n"
    "     agree. Standard error says which rows, and what to do.";

constexpr char kExportFooter[] =
    "Examples:\n"
    "  fleetmeterctl export openmetrics --ledger ledger.db --from 2024-01-01 --to 2026-01-01 \\\n"
    "                --label cluster=east --to-file history.om\n"
    "  promtool tsdb create-blocks-from openmetrics history.om /var/lib/prometheus\n"
    "  fleetmeterctl export focus --ledger ledger.db --since 2026-01-01 --until 2026-02-01 \\\n"
    "                --to fleet-2026-01.csv\n"
    "\n"
    "Export only time in which Prometheus did not yet scrape the daemon. A graph shows a value\n"
    "for the 5 minutes after it. If Prometheus is started with --query.lookback-delta=1h, it\n"
    "shows the value for an hour.";

constexpr char kDashboardsFooter[] =
    "Examples:\n"
    "  fleetmeterctl dashboards render --to rendered\n"
    "  fleetmeterctl dashboards render --grafana-url https://grafana.my.org \\\n"
    "                --prometheus-url http://localhost:9090 --set underuse.window=1h --to "
    "rendered\n"
    "  fleetmeterctl dashboards settings";

constexpr char kSourceFooter[] =
    "Examples:\n"
    "  fleetmeterctl source list --state unaccounted\n"
    "  fleetmeterctl source forget gpu-17 --reason 'returned to the vendor'\n"
    "  fleetmeterctl source rename gpu-17 gpu-17.east.example --reason 'reports its long name "
    "now'\n"
    "  fleetmeterctl source move gpu-17 spiffe://example.org/host/gpu-17 \\\n"
    "                --reason 'it had the certificate of a relay'";

constexpr char kRequestFooter[] =
    "A request asks for chips of a pool for a time. The owner of the pool decides about what is\n"
    "within its allocation, and the capacity team about what is beyond it. Nothing here starts or\n"
    "stops a workload. What was asked and decided is kept for ever.\n"
    "\n"
    "Examples:\n"
    "  fleetmeterctl request check --file form.yaml\n"
    "  fleetmeterctl request ask --pool research --team rl --chip b200 --chips 16 \\\n"
    "                --start 2026-12-01T09:00Z --for 14d --workload rl-rollouts \\\n"
    "                --nature company_goal --goal 'Flagship 5'\n"
    "  fleetmeterctl request list --state open\n"
    "  fleetmeterctl request show rl-rollouts-2026-12-01-k3f9\n"
    "  fleetmeterctl request rank --pool research\n"
    "  fleetmeterctl request decide rl-rollouts-2026-12-01-k3f9 --grant all \\\n"
    "                --reason 'It finishes before the freeze'\n"
    "  fleetmeterctl request withdraw rl-rollouts-2026-12-01-k3f9 --reason 'The run is off'\n"
    "  fleetmeterctl request release rl-rollouts-2026-12-01-k3f9 --reason 'It has converged'\n"
    "  fleetmeterctl request grants --pool research\n"
    "  fleetmeterctl request timeline --pool research\n"
    "  fleetmeterctl request results";

constexpr CommandGroup kGroups[] = {
    {"plan", "Show, make and compare plans and the allocation framework that they are made from",
     kPlanFooter, nullptr},
    {"request", "Ask for capacity, decide about requests, and see what came of them",
     kRequestFooter, nullptr},
    {"admin", "Operate a daemon. These commands need the role admin", kAdminFooter,
     AddAdminAddress},
    {"source",
     "See the sources of usage, and state what became of them. These commands need the "
     "role admin",
     kSourceFooter, AddAdminAddress},
    {"dashboards", "Make rules, alerts and dashboards for Prometheus and Grafana",
     kDashboardsFooter, nullptr},
    {"export", "Write what the books hold for other programs", kExportFooter, nullptr},
    {"outcomes",
     "Show what allocations led to, from the daemon's books, a ledger's file or CSV files",
     kOutcomesFooter, nullptr},
    {"import",
     "Bring history from a CSV file into a daemon's books. These commands need the role ingest for "
     "all pools",
     kImportFooter, AddIngestAddress},
    {"ledger",
     "Check, copy and restore the file of the books, and list what people decided about them",
     kLedgerFooter, nullptr},
};

}  // namespace

const CommandGroup* FindGroup(std::string_view name) {
  for (const CommandGroup& group : kGroups) {
    if (group.name == name) return &group;
  }
  return nullptr;
}

}  // namespace fleetmeter::ctl
