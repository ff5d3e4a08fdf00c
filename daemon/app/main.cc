// fleetmeterd: flags, then the App.
#include <fmt/format.h>

#include <cstdio>
#include <string>

#include "daemon/app/app.h"
#include "daemon/base/clock.h"
#include "daemon/base/command_description.h"
#include "daemon/base/flags.h"
#include "daemon/base/manual_page.h"
#include "daemon/base/version.h"
#include "daemon/config/check_config.h"
#include "daemon/config/settings/print_config.h"
#include "daemon/domain/report/reject_reason.h"
#include "daemon/ledger/sqlite/ledger_file.h"
#include "daemon/serve/metrics/metrics_page.h"

namespace {

// What the program prints of itself, instead of serving.
struct Page {
  const char* flag;
  const char* help;
  std::string (*text)();
};
constexpr Page kPages[] = {
    {"--print-config",
     "Print a configuration file with every setting, what it is for and its default, and exit",
     fleetmeter::AnnotatedConfig},
    {"--print-config-schema", "Print a JSON Schema of configuration files, for editors, and exit",
     fleetmeter::ConfigSchema},
    {"--print-metrics", "Print what the daemon's metrics mean, as tables in Markdown, and exit",
     fleetmeter::MetricsReference},
    {"--print-reasons", "Print why a report may be rejected, as a table in Markdown, and exit",
     fleetmeter::RejectReasonsPage},
};

int Fail(const absl::Status& status) {
  fmt::print(stderr, "fleetmeterd: {}\n", std::string(status.message()));
  return 1;
}

int PrintOut(const std::string& text) {
  const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
  if (written && std::fflush(stdout) == 0) return 0;
  return Fail(absl::UnavailableError("standard output takes no more"));
}

int CheckConfig(const std::string& path) {
  const int64_t now = fleetmeter::SystemClock().UnixNanos() / fleetmeter::kNanosPerSecond;
  const auto check = fleetmeter::CheckConfig(path, now, fleetmeter::CheckLedgerPath);
  if (!check.ok()) return Fail(check.status());
  for (const std::string& warning : check->warnings) {
    fmt::print(stderr, "fleetmeterd: warning: {}\n", warning);
  }
  return PrintOut(check->summary);
}

}  // namespace

int main(int argc, char** argv) {
  fleetmeter::ProgramFlags flags(
      "fleetmeterd: a live meter for accelerator fleets.\n"
      "It takes usage reports over gRPC, keeps the books in H100-equivalents, and serves them to\n"
      "Prometheus and over gRPC. It stops on SIGTERM or SIGINT. It reloads on SIGHUP, and when a\n"
      "file of its configuration changes.");
  std::string config_path = "/etc/fleetmeter/fleetmeterd.yaml";
  bool check_config = false;
  flags.Add("--config", &config_path, "The configuration file").ValueName("FILE").ShowDefault();
  flags.AddSwitch("--check-config", &check_config,
                  "Read the configuration, catalog, plans, framework, price book, benchmark suite "
                  "and TLS files, look at the ledger's folder, say what is wrong, and exit");
  std::string (*print)() = nullptr;
  for (const Page& page : kPages) {
    flags.AddSwitch(page.flag, [&page, &print] { print = page.text; }, page.help);
  }
  flags.AddPage(
      "--print-manual",
      [&flags] {
        fleetmeter::CommandDescription program = flags.Describe();
        program.name = "fleetmeterd";  // by whatever path it was called
        return fleetmeter::ManualPage(program, 8, fleetmeter::kVersion);
      },
      "Print the manual page, in the language of man, and exit");
  flags.AddVersion(std::string("fleetmeterd ") + fleetmeter::kVersion);
  if (const auto exit_code = flags.Parse(argc, argv)) return *exit_code;
  if (check_config) return CheckConfig(config_path);
  if (print != nullptr) return PrintOut(print());

  auto app = fleetmeter::App::Start(config_path);
  if (!app.ok()) return Fail(app.status());
  // On standard output, and nothing else: what a script that asked for port 0 reads.
  const std::string admin = (*app)->admin_address();
  fmt::print("ingest {}\nquery {}\nhttp {}\n{}ready\n", (*app)->ingest_address(),
             (*app)->query_address(), (*app)->http_address(),
             admin.empty() ? "" : fmt::format("admin {}\n", admin));
  std::fflush(stdout);
  const absl::Status status = (*app)->Run();
  return status.ok() ? 0 : Fail(status);
}
