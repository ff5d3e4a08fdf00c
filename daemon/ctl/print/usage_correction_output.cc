#include "daemon/ctl/print/usage_correction_output.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "daemon/base/units.h"
#include "daemon/ctl/print/correction_output.h"
#include "daemon/ctl/print/number_text.h"
#include "daemon/ctl/print/table.h"
#include "daemon/wire/chip_state.h"

namespace fleetmeter::ctl {
namespace {

constexpr size_t kUsageDateLength = 10;

absl::int128 NanosOf(const v1::ChipTime& time) {
  return absl::int128(time.seconds()) * kNanosPerSecond + time.nanos();
}

// "h100 / serving / search", with the state where the chips are not assigned.
std::string UseText(const v1::UsageGroup& use) {
  std::string text = use.chip();
  const bool assigned = use.state() == v1::CHIP_STATE_ASSIGNED;
  const std::string state = assigned ? "" : std::string(fleetmeter::Name(use.state()));
  for (const std::string& name : {state, use.pool(), use.team(), use.workload(),
                                  use.workload_type(), use.model(), use.run(), use.signal()}) {
    if (!name.empty()) text += " / " + name;
  }
  return text;
}

std::string HoursText(absl::int128 chip_nanos) { return Grouped(ChipHoursOfNanos(chip_nanos)); }

struct Comparison {
  const char* amount;
  absl::int128 before;
  absl::int128 after;
};

}  // namespace

std::string FormatUsageComparison(const imports::ImportBatch& file, const UsageAnswers& answers,
                                  size_t most) {
  std::string out = FormatStandings(SumByStanding(file, answers.standings));
  Table table({{"day"},
               {"of"},
               {"amount"},
               {"books", Align::kRight},
               {"file", Align::kRight},
               {"difference", Align::kRight}});
  uint64_t lines = 0;
  for (const v1::UsageDifference& d : answers.differences) {
    for (const Comparison& c :
         {Comparison{"chip_hours", NanosOf(d.chips_before()), NanosOf(d.chips_after())},
          Comparison{"busy_chip_hours", NanosOf(d.busy_before()), NanosOf(d.busy_after())}}) {
      if (c.before == c.after || ++lines > most) continue;
      const std::string difference = HoursText(c.after - c.before);
      table.AddRow({UtcTime(d.day_unix_seconds() * kNanosPerSecond).substr(0, kUsageDateLength),
                    UseText(d.use()), c.amount, HoursText(c.before), HoursText(c.after),
                    c.after > c.before ? "+" + difference : difference});
    }
  }
  if (lines > 0) out += table.Render();
  const uint64_t left_out = answers.more_differences + (lines > most ? lines - most : 0);
  if (left_out > 0) out += fmt::format("and {} lines more\n", left_out);
  return out;
}

}  // namespace fleetmeter::ctl
