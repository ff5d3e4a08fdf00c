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

std::string PoolsTable(const v1::ListPoolsResponse& pools, const TopLook& look) {
  Table table({{"POOL"},
               {"OWNER"},
               {"ALLOCATED", Align::kRight},
               {"ASSIGNED", Align::kRight},
               {"BUSY", Align::kRight},
               {"HEADROOM", Align::kRight},
               {"UTILIZATION"},
               {"", Align::kRight},
               {"COVERAGE", Align::kRight},
               {""}});
  for (const v1::Pool& pool : pools.pools()) {
    const Style style = StyleOf(pool);
    table.AddRow(
        {pool.pool(), pool.owner(), Amount(pool.allocated_h100e()), Amount(pool.assigned_h100e()),
         Amount(Busy(pool)),
         Cell(Amount(KnownHeadroom(pool)), IsNearlyFull(pool) ? Style::kRed : Style::kPlain),
         Cell(UtilizationBar(Utilization(pool), look.unicode),
              IsUnderused(pool) ? Style::kYellow : Style::kPlain),
         Percent(Utilization(pool)), Percent(pool.coverage_ratio()), Cell(PoolMark(pool), style)});
  }
  return table.Render(look.colors);
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
  std::string out = Paint("fleetmeter", Style::kBold, look.colors);
  if (state.pools) out += "  " + BasisLine(state.pools->basis());
  out += "\n";
  if (!state.trouble.empty()) {
    out += Paint(Printable(state.trouble), Style::kRed, look.colors) + "\n";
    out += state.pools ? "The numbers below are old. Trying again.\n" : "Trying again.\n";
  } else {
    out += fmt::format("{}; H100e; \"-\" is no data\n", Printable(state.address));
  }
  if (state.pools) out += "\n" + PoolsTable(*state.pools, look);
  return look.size ? Fitted(Lines(out), *look.size) : out;
}

}  // namespace fleetmeter::ctl
