// top: a live table of all pools.
#include <algorithm>
#include <chrono>
#include <utility>

#include "daemon/ctl/command.h"
#include "daemon/ctl/output_flag.h"
#include "daemon/ctl/print/pools_output.h"
#include "daemon/ctl/print/top_keys.h"
#include "daemon/ctl/print/top_view.h"
#include "daemon/ctl/print_answer.h"
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

class Top : public Command {
 public:
  explicit Top(const Connection& connection)
      : Command({"top"},
                "Show a live table of all pools until SIGINT, SIGTERM or the end of the input. It "
                "goes on when the daemon is started anew. In a terminal, s sorts by the next "
                "column, r reverses, / filters and q quits"),
        connection_(connection) {}

  void AddFlags(Flags& flags) override {
    flags.AddSwitch("--once", &once_, "Print the table once and exit");
    flags
        .Add("--sort", &order_.sort,
             "Sort by this column: numbers the largest first. The default is the order of the plan")
        .OneOf(PoolSortNames())
        .ShowDefault();
    flags.AddSwitch("--reverse", &order_.reverse, "Turn the order around");
    flags
        .Add("--filter", &order_.filter,
             "Show only pools with this text in their name, owner, category, tier or mark")
        .ValueName("TEXT");
    AddOutput(flags, &output_);
  }
  absl::Status CheckFlags() const override {
    if (once_ || output_ == OutputFormat::kTable) return absl::OkStatus();
    return absl::InvalidArgumentError("--output json and csv take --once");
  }
  std::optional<std::string> CalledAddress() const override { return connection_.address; }
  int Run() override {
    if (!once_) BlockStopSignals();
    QueryClient client(connection_);
    return once_ ? ShowOnce(client) : ShowUntilStopped(client);
  }

 private:
  int ShowOnce(QueryClient& client) const;
  int ShowUntilStopped(QueryClient& client) const;
  TopState FirstState() const {
    return {.address = connection_.address, .pools = std::nullopt, .trouble = "", .order = order_};
  }

  const Connection& connection_;
  bool once_ = false;
  PoolOrder order_;
};

int Top::ShowOnce(QueryClient& client) const {
  if (output_ != OutputFormat::kTable) {
    return PrintAnswer(client.ListPools(), output_,
                       [this](const v1::ListPoolsResponse& pools, OutputFormat format) {
                         return FormatPools(ArrangedPools(pools, order_), format);
                       });
  }
  TopState state = FirstState();
  if (const absl::Status status = Refresh(client, &state); !status.ok()) return ExitCode(status);
  TopLook look = Look();
  look.size.reset();  // it may scroll: better than to hide pools
  return ExitCode(Print(TopPicture(state, look)));
}

int Top::ShowUntilStopped(QueryClient& client) const {
  using Clock = std::chrono::steady_clock;
  const KeyByKey keyboard;
  StopSignals stop(true, [&] { client.Cancel(); });
  Screen screen;
  TopKeys keys(order_);
  TopState state = FirstState();
  if (keyboard.on() && OutputIsTerminal()) state.keys = kTopKeysHelp;
  std::string typed;
  while (true) {
    // An error is shown in the picture, and the next look may go better.
    Refresh(client, &state).IgnoreError();
    const auto next = Clock::now() + kRefresh;
    do {
      if (stop.WaitFor(std::chrono::milliseconds(0))) return kExitOk;
      state.order = keys.order();
      state.types_filter = keys.types_filter();
      const absl::Status shown = screen.Show(TopPicture(state, Look()));
      if (!shown.ok()) return ExitCode(shown);
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(next - Clock::now());
      if (stop.WaitFor(std::max(left, std::chrono::milliseconds(0)), &typed)) return kExitOk;
      if (keyboard.on() && !keys.Press(typed)) return kExitOk;
    } while (!typed.empty() && Clock::now() < next);
  }
}

}  // namespace

std::unique_ptr<Command> MakeTop(const Connection& connection) {
  return std::make_unique<Top>(connection);
}

}  // namespace fleetmeter::ctl
