#include "daemon/ctl/capacity/plan_notes.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "daemon/base/decimal.h"
#include "daemon/base/text.h"
#include "daemon/ctl/print/number_text.h"

namespace fleetmeter::ctl {
namespace {

constexpr std::string_view kNotesBegin =
    "# ---- Grants beyond allocations. `fleetmeterctl plan compile --decided` wrote these lines "
    "and";
constexpr std::string_view kNotesBeginMore = "# reads them again: leave them as they are.";
constexpr std::string_view kNotesEnd = "# ---- End of the grants beyond allocations.";
constexpr std::string_view kNotesPool = "# grants: ";
constexpr std::string_view kNotesBeyond = " and ";
constexpr std::string_view kNotesTotal = " beyond it are ";
constexpr std::string_view kNotesUnit = " H100e";
constexpr int64_t kMicroInH100e = 1'000'000;

// What stands before `mark`, which is taken off `rest` with it.
std::optional<std::string> TakeUntil(std::string_view mark, std::string_view* rest) {
  const size_t at = rest->find(mark);
  if (at == std::string_view::npos) return std::nullopt;
  std::string taken(rest->substr(0, at));
  rest->remove_prefix(at + mark.size());
  return taken;
}

std::optional<RaisedPool> ReadNote(std::string_view line) {
  line.remove_prefix(kNotesPool.size());
  const auto pool = TakeUntil(": ", &line);
  const auto allocation = TakeUntil(kNotesBeyond, &line);
  const auto beyond = TakeUntil(kNotesTotal, &line);
  const auto total = TakeUntil(kNotesUnit, &line);
  if (!pool || !allocation || !beyond || !total || !line.empty()) return std::nullopt;
  const auto beyond_micro = WholeDecimal(*beyond, kMicroInH100e);
  const auto total_micro = WholeDecimal(*total, kMicroInH100e);
  const bool flow = allocation->starts_with('{') && allocation->ends_with('}');
  if (!IsName(*pool) || !flow || !beyond_micro || !total_micro) return std::nullopt;
  return RaisedPool{.pool = *pool,
                    .allocation = *allocation,
                    .beyond_micro_h100e = *beyond_micro,
                    .total_micro_h100e = *total_micro,
                    .comments = {}};
}

}  // namespace

absl::StatusOr<PlanNotes> TakeNotes(const std::string& name, std::string_view text) {
  PlanNotes out;
  bool inside = false;
  for (int number = 1; !text.empty(); ++number) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);  // of an editor that ends lines so
    const size_t whole = std::min(end + 1, text.size());
    if (line == kNotesBegin) inside = true;
    if (!inside) out.text += text.substr(0, whole);
    if (inside && line.starts_with(kNotesPool)) {
      const auto note = ReadNote(line);
      if (!note) {
        return absl::InvalidArgumentError(
            fmt::format("{}:{}: is no line about grants any more; expected it as plan compile "
                        "wrote it, such as "
                        "{}POOL: {{share: 37%}}{}12{}260.64{}",
                        name, number, kNotesPool, kNotesBeyond, kNotesTotal, kNotesUnit));
      }
      out.raised.push_back(*note);
    }
    if (line == kNotesEnd) inside = false;
    text.remove_prefix(whole);
  }
  if (!inside) return out;
  return absl::InvalidArgumentError(
      fmt::format("{}: the lines about grants have no end; expected the line {}", name, kNotesEnd));
}

std::string NotesText(const std::vector<RaisedPool>& raised) {
  if (raised.empty()) return "";
  std::string out = fmt::format("{}\n{}\n", kNotesBegin, kNotesBeginMore);
  for (const RaisedPool& pool : raised) {
    out += fmt::format("{}{}: {}{}{}{}{}{}\n", kNotesPool, pool.pool, pool.allocation, kNotesBeyond,
                       ChipsOfMicro(pool.beyond_micro_h100e), kNotesTotal,
                       ChipsOfMicro(pool.total_micro_h100e), kNotesUnit);
    for (const std::string& comment : pool.comments) out += "#   " + comment + "\n";
  }
  return out + std::string(kNotesEnd) + "\n";
}

}  // namespace fleetmeter::ctl
