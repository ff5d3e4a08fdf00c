// fleetmeter-collector: flags or a configuration, then the Collector.
#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <string>
#include <utility>

#include "collectors/collector.h"
#include "collectors/collector_flags.h"
#include "collectors/config/collector_config.h"
#include "collectors/reload.h"
#include "collectors/sources.h"
#include "collectors/try/try_command.h"
#include "collectors/wait_for_end.h"
#include "daemon/base/counted.h"
#include "daemon/base/flags.h"
#include "daemon/base/logging.h"
#include "daemon/serve/listen/grpc_log.h"

namespace {

using fleetmeter::Counted;
using fleetmeter::collector::Collector;
using fleetmeter::collector::CollectorConfig;
using fleetmeter::collector::CollectorFlags;
using fleetmeter::collector::Reloader;
using fleetmeter::collector::SourceCommands;
using fleetmeter::collector::TryCommand;

constexpr int kFailed = 1;
constexpr int kWrongCommandLine = 2;

void Complain(const std::string& message) {
  fmt::print(stderr, "fleetmeter-collector: {}\n", message);
}

int Run(const CollectorFlags& flags, const SourceCommands& commands, CollectorConfig* config,
        Reloader* reloader) {
  fleetmeter::collector::HoldStopSignals();
  fleetmeter::SetUpLogging(flags.log_level, flags.log_format);
  fleetmeter::RouteGrpcLog();
  auto collector = Collector::Create(flags, commands, config, reloader);
  if (!collector.ok()) {
    Complain(std::string(collector.status().message()));
    return kFailed;
  }
  const std::vector<absl::Status> errors = (*collector)->Run();
  for (const absl::Status& error : errors) Complain(std::string(error.message()));
  return errors.empty() ? 0 : kFailed;
}

int RunByFlags(const CollectorFlags& flags, const SourceCommands& commands, const TryCommand& look,
               bool check_config) {
  const bool any = std::any_of(commands.begin(), commands.end(),
                               [](const auto& command) { return command->chosen(); });
  if (!any || look.chosen() || check_config) {
    Complain("nothing to do; expected --config FILE, or the name of a source (see --help)");
    return kWrongCommandLine;
  }
  if (const auto status = CheckClientTls(flags.tls, flags.daemon); !status.ok()) {
    Complain(std::string(status.message()));
    return kWrongCommandLine;
  }
  return Run(flags, commands, nullptr, nullptr);
}

int RunByConfig(const std::string& path, const CollectorFlags& flags,
                const SourceCommands& commands, const TryCommand& look, bool check_config) {
  if (flags.tls.enabled() || flags.tls.plaintext_beyond_loopback_without_authentication) {
    Complain("--config excludes the flags of TLS; expected the key tls of the configuration");
    return kWrongCommandLine;
  }
  // A reload that is asked for before the program can take one must not end it: what it would
  // bring in is read from now on, or noticed as a change of the file.
  std::signal(SIGHUP, SIG_IGN);
  Reloader reloader(path, commands);
  auto config = reloader.LoadFirst();
  if (!config.ok()) {
    Complain(std::string(config.status().message()));
    return kFailed;
  }
  if (check_config) {
    fmt::print(
        "{} is right: {}{}\n", path, Counted(config->members.size(), "live source", "live sources"),
        config->replays.empty() ? "" : ", " + Counted(config->replays.size(), "replay", "replays"));
    for (const std::string& remark : RemarksOn(*config)) fmt::print("Remark: {}\n", remark);
    return 0;
  }
  CollectorFlags delivery = config->delivery;
  delivery.recover_acknowledged = flags.recover_acknowledged;
  if (!look.chosen()) return Run(delivery, commands, &*config, &reloader);
  std::signal(SIGHUP, SIG_DFL);
  fleetmeter::SetUpLogging("error", delivery.log_format);
  return look.Run(*std::move(config));
}

}  // namespace

int main(int argc, char** argv) {
  fleetmeter::ProgramFlags program(
      "fleetmeter-collector: reports to fleetmeterd what chips do.\n"
      "Give a configuration with live sources, or name recordings to replay, or both. The live\n"
      "sources share a stream, and each replay has its own. Exit code 0 means that every report\n"
      "was delivered and counted, or waits in the spool for the next start. With 1, some were\n"
      "not, and standard error says why.");
  CollectorFlags flags;
  std::string config;
  bool check_config = false;
  fleetmeter::collector::AddCollectorFlags(program, flags, &config);
  program.AddSwitch("--check-config", &check_config,
                    "Read the configuration and its rules, say what is wrong, and exit");
  const TryCommand look(program);
  const SourceCommands commands = fleetmeter::collector::AddSources(program);
  if (const auto exit_code = program.Parse(argc, argv)) return *exit_code;
  if (config.empty()) return RunByFlags(flags, commands, look, check_config);
  return RunByConfig(config, flags, commands, look, check_config);
}
