#include "daemon/ctl/print/top_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "daemon/ctl/print/number_text.h"
#include "daemon/ctl/print/pools_output.h"
#include "daemon/ctl/print/table.h"

namespace fleetmeter::ctl {
namespace {

constexpr double kUnderused = 0.5;
constexpr double kNearlyFull = 0.05;
constexpr int kBarWidth = 10;

bool IsUnderused(const v1::Pool& pool) {
  return pool.has_utilization_ratio() && pool.utilization_ratio() < kUnderused;
}

// Nobody can say so of a fleet that was not heard from.
bool IsNearlyFull(const v1::Pool& pool) {
  return pool.coverage_ratio() > 0 && pool.has_headroom_h100e() &&
         pool.headroom_h100e() < kNearlyFull * pool.allocated_h100e();
}

Style StyleOf(const v1::Pool& pool) {
  if (IsNearlyFull(pool)) return Style::kRed;
  return IsUnderused(pool) ? Style::kYellow : Style::kPlain;
}

std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> out;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    out.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return out;
}

// The mark stays at any width, as does what can be admitted.
std::string TopTable(const v1::ListPoolsResponse& pools, const TopLook& look) {
  Table table({{"POOL"},
               {"OWNER", Align::kLeft, 7},
               {"ALLOCATED", Align::kRight, 4},
               {"ASSIGNED", Align::kRight, 5},
               {"BUSY", Align::kRight, 6},
               {"HEADROOM", Align::kRight},
               {"UTILIZATION", Align::kRight, 1},
               {"", Align::kLeft, 3},
               {"COVERAGE", Align::kRight, 2},
               {""}});
  for (const v1::Pool& pool : pools.pools()) {
    const Style style = StyleOf(pool);
    table.AddRow(
        {pool.pool(), pool.owner(), Amount(pool.allocated_h100e()), Amount(pool.assigned_h100e()),
         Amount(Busy(pool)),
         Cell(Amount(KnownHeadroom(pool)), IsNearlyFull(pool) ? Style::kRed : Style::kPlain),
         Percent(Utilization(pool)),
         Cell(UtilizationBar(Utilization(pool), look.unicode),
              IsUnderused(pool) ? Style::kYellow : Style::kPlain),
         Percent(pool.coverage_ratio()), Cell(PoolMark(pool), style)});
  }
  if (look.size) table.FitInto(look.size->columns);
  return table.Render(look.colors);
}

// Whole words on as many lines as it takes, so that no width hides what is wrong.
std::string Header(const std::string& text, const TopLook& look, Style style) {
  if (!look.size) return Paint(text, style, look.colors) + "\n";
  std::string out;
  for (const std::string& line : Lines(WrapText(text, look.size->columns, ""))) {
    out += Paint(line, style, look.colors) + "\n";
  }
  return out;
}

// "sorted by headroom, the smallest first; only pools with 'serv': 3 of 8".
std::string OrderLine(const TopState& state, int shown) {
  const PoolOrder& order = state.order;
  std::string line;
  if (order.sort != "plan" || order.reverse) {
    line = fmt::format("sorted by {}{}", order.sort, order.reverse ? ", reversed" : "");
  }
  if (!order.filter.empty() || state.types_filter) {
    line += fmt::format("{}only pools with '{}{}': {} of {}", line.empty() ? "" : "; ",
                        Printable(order.filter), state.types_filter ? "_" : "", shown,
                        state.pools ? state.pools->pools_size() : 0);
  }
  return line;
}

// The last row stays free, so that the line end after the last line does not scroll.
std::string Fitted(std::vector<std::string> lines, const TopLook::Size& size) {
  const size_t rows = std::max<size_t>(size.rows, 2) - 1;
  if (lines.size() > rows) {
    const size_t hidden = lines.size() - rows + 1;
    lines.resize(rows);
    lines.back() = fmt::format("... {} more lines", hidden);
  }
  std::string out;
  for (const std::string& line : lines) out += ClipLine(line, size.columns) + "\n";
  return out;
}

}  // namespace

std::string PoolMark(const v1::Pool& pool) {
  const bool underused = IsUnderused(pool);
  const bool full = IsNearlyFull(pool);
  return underused && full ? "nearly full, underused"
         : full            ? "nearly full"
         : underused       ? "underused"
                           : "";
}

std::string UtilizationBar(std::optional<double> ratio, bool unicode) {
  if (!ratio || !std::isfinite(*ratio))
    return std::string(unicode ? kBarWidth : kBarWidth + 2, ' ');
  const int full = static_cast<int>(std::lround(std::clamp(*ratio, 0.0, 1.0) * kBarWidth));
  std::string out = unicode ? "" : "[";
  for (int i = 0; i < kBarWidth; ++i) {
    out += unicode ? (i < full ? "█" : "░") : (i < full ? "#" : "-");
  }
  return unicode ? out : out + "]";
}

std::string TopPicture(const TopState& state, const TopLook& look) {
  std::string out;
  if (!state.trouble.empty()) {
    out += Header("fleetmeter: " + Printable(state.trouble), look, Style::kRed);
    out += Header(state.pools ? "The numbers below are old. Trying again." : "Trying again.", look,
                  Style::kPlain);
  } else {
    out += Header("fleetmeter  " + Printable(state.address), look, Style::kBold);
  }
  if (state.pools) {
    out +=
        Header(BasisLine(state.pools->basis()) + "; H100e; \"-\" is no data", look, Style::kPlain);
  }
  const v1::ListPoolsResponse shown =
      state.pools ? ArrangedPools(*state.pools, state.order) : v1::ListPoolsResponse();
  if (const std::string order = OrderLine(state, shown.pools_size()); !order.empty()) {
    out += Header(order, look, Style::kPlain);
  }
  if (!state.keys.empty()) out += Header(state.keys, look, Style::kDim);
  if (state.pools) out += "\n" + TopTable(shown, look);
  return look.size ? Fitted(Lines(out), *look.size) : out;
}

}  // namespace fleetmeter::ctl
