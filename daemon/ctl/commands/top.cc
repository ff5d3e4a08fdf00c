// top: a live table of all pools.
#include <chrono>
#include <utility>

#include "daemon/ctl/command.h"
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

int ShowUntilStopped(QueryClient& client, TopState state) {
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

class Top : public Command {
 public:
  explicit Top(const Connection& connection)
      : Command({"top"},
                "Show a live table of all pools until SIGINT, SIGTERM or the end of the input"),
        connection_(connection) {}

  void AddFlags(Flags& flags) override {
    flags.AddSwitch("--once", &once_, "Print the table once and exit");
  }
  std::optional<std::string> CalledAddress() const override { return connection_.address; }
  int Run() override {
    if (!once_) BlockStopSignals();
    QueryClient client(connection_);
    TopState state{.address = connection_.address, .pools = std::nullopt, .trouble = ""};
    return once_ ? ShowOnce(client, std::move(state)) : ShowUntilStopped(client, std::move(state));
  }

 private:
  const Connection& connection_;
  bool once_ = false;
};

}  // namespace

std::unique_ptr<Command> MakeTop(const Connection& connection) {
  return std::make_unique<Top>(connection);
}

}  // namespace fleetmeter::ctl
