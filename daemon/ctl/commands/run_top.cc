#include <fmt/format.h>

#include "daemon/ctl/commands/commands.h"
#include "daemon/ctl/exit_code.h"
#include "daemon/ctl/print/top_view.h"
#include "daemon/ctl/query_client.h"
#include "daemon/ctl/stop_signals.h"
#include "daemon/ctl/terminal.h"

namespace fleetmeter::ctl {
namespace {

constexpr std::chrono::milliseconds kRefresh(1'000);

TopLook Look() {
  return {.size = TerminalSize(), .colors = OutputHasColors(), .unicode = LocaleIsUtf8()};
}

absl::Status Refresh(QueryClient& client, TopState* state) {
  auto pools = client.ListPools();
  state->trouble = pools.ok() ? "" : std::string(pools.status().message());
  if (!pools.ok()) return pools.status();
  state->pools = *std::move(pools);
  return absl::OkStatus();
}

int ShowOnce(QueryClient& client, TopState state) {
  if (const absl::Status status = Refresh(client, &state); !status.ok()) return ExitCode(status);
  TopLook look = Look();
  look.size.reset();  // it may scroll: better than to hide pools
  return ExitCode(Print(TopPicture(state, look)));
}

}  // namespace

int RunTop(const Flags& flags) {
  TopState state{.address = flags.address, .pools = std::nullopt, .trouble = ""};
  if (!flags.once) BlockStopSignals();
  QueryClient client(flags.address, flags.timeout, flags.tls);
  if (flags.once) return ShowOnce(client, std::move(state));
  StopSignals stop(true, [&] { client.Cancel(); });
  Screen screen;
  do {
    // An error is shown in the picture, and the next look may go better.
    Refresh(client, &state).IgnoreError();
    if (stop.WaitFor(std::chrono::milliseconds(0))) break;
    if (const absl::Status status = screen.Show(TopPicture(state, Look())); !status.ok()) {
      return ExitCode(status);
    }
  } while (!stop.WaitFor(kRefresh));
  return kExitOk;
}

}  // namespace fleetmeter::ctl
