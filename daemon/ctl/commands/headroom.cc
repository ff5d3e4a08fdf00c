// headroom: one pool, once or whenever it changes.
#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <utility>

#include "daemon/ctl/command.h"
#include "daemon/ctl/duration_flag.h"
#include "daemon/ctl/output_flag.h"
#include "daemon/ctl/print/headroom_output.h"
#include "daemon/ctl/print/text_cells.h"
#include "daemon/ctl/query_client.h"
#include "daemon/ctl/stop_signals.h"
#include "daemon/ctl/terminal.h"

namespace fleetmeter::ctl {
namespace {

constexpr std::chrono::nanoseconds kShortestInterval = std::chrono::milliseconds(100);
constexpr std::chrono::milliseconds kBeforeNextTry(1'000);

class Headroom : public Command {
 public:
  explicit Headroom(const Connection& connection)
      : Command({"headroom"},
                "Show one pool: what it can admit now, what it can borrow, and whom to ask"),
        connection_(connection) {}

  void AddFlags(Flags& flags) override;
  std::optional<std::string> CalledAddress() const override { return connection_.address; }
  int Run() override { return watch_ ? Watch() : ShowOnce(); }

 private:
  void AddAsk(Flags& flags);
  int ShowOnce() const;
  int Watch() const;

  const Connection& connection_;
  std::string pool_;
  std::optional<double> ask_h100e_;
  bool watch_ = false;
  std::chrono::nanoseconds interval_ = std::chrono::seconds(1);
};

void Headroom::AddFlags(Flags& flags) {
  flags.Add("POOL", &pool_, "The name of the pool").Required();
  AddAsk(flags);
  flags.AddSwitch("--watch,-w", &watch_,
                  "Print the answer again whenever it changes, until SIGINT or SIGTERM. It goes on "
                  "when the daemon is started anew");
  AddDuration(flags, "--interval", "The shortest time between two answers of --watch",
              kShortestInterval, &interval_);
  AddOutput(flags, &output_);
}

void Headroom::AddAsk(Flags& flags) {
  const auto read = [this](const double& h100e) {
    if (!(h100e > 0) || !std::isfinite(h100e)) {
      return absl::InvalidArgumentError("expected an amount of H100e above 0");
    }
    ask_h100e_ = h100e;
    return absl::OkStatus();
  };
  flags
      .AddNumber("--ask", read,
                 "Ask whether this many H100e fit now. Exit code 0 means that "
                 "they fit into the pool's own headroom, 3 that they do not or "
                 "that this is not known. With --watch the exit code is 0 after SIGINT or SIGTERM")
      .ValueName("H100E");
}

int Headroom::ShowOnce() const {
  const auto response = QueryClient(connection_).GetHeadroom(pool_);
  if (!response.ok()) return ExitCode(response.status());
  const absl::Status printed =
      Print(FormatHeadroom(*response, ask_h100e_, output_, OutputHasColors()));
  if (!printed.ok() || !ask_h100e_) return ExitCode(printed);
  return FitOf(*response, *ask_h100e_) == Fit::kYes ? kExitOk : kExitDoesNotFit;
}

// Draws over what was there on a terminal, and prints a line an answer elsewhere. Says when the
// daemon is away and when it is back: in the picture, or on standard error.
class WatchPrinter {
 public:
  WatchPrinter(std::optional<double> ask_h100e, OutputFormat output)
      : ask_h100e_(ask_h100e), output_(output) {}

  absl::Status Show(const v1::HeadroomResponse& response) {
    const bool was_lost = std::exchange(lost_, false);
    if (redraw_) {
      picture_ = FormatHeadroom(response, ask_h100e_, output_, OutputHasColors());
      return screen_.Show(picture_);
    }
    if (was_lost) Warn("the daemon answers again", output_);
    return Print(FormatHeadroomLine(response, ask_h100e_, output_, std::exchange(first_, false)));
  }

  // Why there are no answers for now.
  absl::Status Lost(const std::string& why) {
    const bool told = std::exchange(lost_, true);
    if (redraw_) {
      const size_t columns = TerminalSize().value_or(TopLook::Size{}).columns;
      return screen_.Show(
          picture_ + "\n" +
          WrapText(why + ". The numbers above are old. Trying again.", columns, ""));
    }
    if (!told) Warn(why + "; trying again", output_);
    return absl::OkStatus();
  }

 private:
  const std::optional<double> ask_h100e_;
  const OutputFormat output_;
  const bool redraw_ = OutputIsTerminal() && output_ == OutputFormat::kTable;
  bool first_ = true;
  bool lost_ = false;
  std::string picture_;  // the latest
  Screen screen_;
};

int Headroom::Watch() const {
  BlockStopSignals();
  QueryClient client(connection_);
  StopSignals stop(false, [&] { client.Cancel(); });

  // A watch may be open for ever and has no deadline; whether there is a daemon and a pool to
  // watch is asked with one.
  if (const auto now = client.GetHeadroom(pool_); !now.ok()) {
    const bool stopped = stop.WaitFor(std::chrono::milliseconds(0));
    return stopped ? kExitOk : ExitCode(now.status());
  }
  WatchPrinter printer(ask_h100e_, output_);
  const auto interval = std::chrono::duration_cast<std::chrono::milliseconds>(interval_);
  absl::Status printed;
  while (true) {
    const absl::Status ended = client.WatchHeadroom(
        pool_, interval, [&](const auto& response) { return printed = printer.Show(response); });
    if (!printed.ok()) return ExitCode(printed);
    if (!absl::IsUnavailable(ended)) return ExitCode(ended);
    // The daemon is started anew, or cannot be reached for a while.
    if (absl::Status told = printer.Lost(std::string(ended.message())); !told.ok()) {
      return ExitCode(told);
    }
    if (stop.WaitFor(kBeforeNextTry)) return kExitOk;
  }
}

}  // namespace

std::unique_ptr<Command> MakeHeadroom(const Connection& connection) {
  return std::make_unique<Headroom>(connection);
}

}  // namespace fleetmeter::ctl
