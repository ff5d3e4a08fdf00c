#include <utility>

#include "daemon/ctl/commands/commands.h"
#include "daemon/ctl/exit_code.h"
#include "daemon/ctl/print/headroom_output.h"
#include "daemon/ctl/query_client.h"
#include "daemon/ctl/stop_signals.h"
#include "daemon/ctl/terminal.h"

namespace fleetmeter::ctl {

int RunHeadroomWatch(const Flags& flags) {
  BlockStopSignals();
  QueryClient client(flags.address, flags.timeout, flags.tls);
  StopSignals stop(false, [&] { client.Cancel(); });
  const auto stopped = [&] { return stop.WaitFor(std::chrono::milliseconds(0)); };

  // A watch may be open for ever and has no deadline; whether there is a daemon and a pool to
  // watch is asked with one.
  if (const auto now = client.GetHeadroom(flags.pool); !now.ok()) {
    return stopped() ? kExitOk : ExitCode(now.status());
  }
  const bool redraw = OutputIsTerminal() && flags.output == OutputFormat::kTable;
  bool first = true;
  Screen screen;
  const auto show = [&](const v1::HeadroomResponse& response) {
    if (redraw) {
      return screen.Show(
          FormatHeadroom(response, flags.ask_h100e, flags.output, OutputHasColors()));
    }
    return Print(
        FormatHeadroomLine(response, flags.ask_h100e, flags.output, std::exchange(first, false)));
  };
  const auto interval = std::chrono::duration_cast<std::chrono::milliseconds>(flags.interval);
  return ExitCode(client.WatchHeadroom(flags.pool, interval, show));
}

}  // namespace fleetmeter::ctl
