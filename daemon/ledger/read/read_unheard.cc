#include "daemon/ledger/read/read_unheard.h"

#include <algorithm>
#include <limits>

#include "daemon/base/units.h"
#include "daemon/ledger/gaps_text.h"
#include "daemon/ledger/h100e.h"
#include "daemon/ledger/read/read_rows.h"

namespace fleetmeter {
namespace {

constexpr int64_t kEver = std::numeric_limits<int64_t>::max();
constexpr int64_t kMicroChips = 1'000'000;

// What a source held when it was last heard before a silence.
struct LastHeld {
  std::vector<std::pair<UnheardKey, int64_t>> chips;  // micro-chips
  int64_t until_unix_nanos = kEver;                   // a person said then that it is gone
};
// By the beginning of the silence.
using Silences = std::map<int64_t, LastHeld>;

struct SilentSource {
  std::vector<WindowSet> windows;  // of a name that was forgotten and came back, several
  Silences silences;
};

// The columns of a cell that a key is made of, from `column` on.
UnheardKey KeyAt(const Statement& row, int column) {
  return {.pool = row.Text(column),
          .team = row.Text(column + 1),
          .chip = row.Text(column + 2),
          .numerator = row.Integer(column + 3),
          .denominator = row.Integer(column + 4)};
}

class UnheardReader {
 public:
  UnheardReader(Database& ledger, const Spans& told, std::string_view pool)
      : ledger_(ledger), told_(told), pool_(pool) {}

  absl::StatusOr<Unheard> Run() {
    absl::Status status = ReadHeldNow();
    if (status.ok()) status = ReadSilences();
    if (status.ok()) status = ReadWindows();
    if (!status.ok()) return status;
    for (const auto& [name, source] : sources_) AddSource(source);
    std::map<UnheardKey, StepCurve> chips;
    for (const auto& [key, parts] : parts_) chips.emplace(key, StepCurve(parts));
    return Unheard(std::move(chips));
  }

 private:
  // A source that is silent still holds what it held at the end of its latest window.
  absl::Status ReadHeldNow() {
    return ReadRows(
        ledger_,
        "SELECT source, counted_to_unix_nanos, pool, team, chip, numerator, denominator, "
        "micro_chips FROM holdings JOIN sources USING (source_row) JOIN totals USING (cell_id) "
        "JOIN conversions USING (conversion_id) "
        "WHERE micro_chips > 0",
        [&](const Statement& row) {
          LastHeld& held = sources_[row.Text(0)].silences[row.Integer(1)];
          AddChips(KeyAt(row, 2), row.Integer(7), &held);
          return absl::OkStatus();
        });
  }

  absl::Status ReadSilences() {
    return ReadRows(
        ledger_,
        "SELECT source, from_unix_nanos, until_unix_nanos, pool, team, chip, numerator, "
        "denominator, micro_chips FROM silences JOIN totals USING (cell_id) "
        "JOIN conversions USING (conversion_id)",
        [&](const Statement& row) {
          LastHeld& held = sources_[row.Text(0)].silences[row.Integer(1)];
          if (!row.IsNull(2)) held.until_unix_nanos = row.Integer(2);
          AddChips(KeyAt(row, 3), row.Integer(8), &held);
          return absl::OkStatus();
        });
  }

  // Chips of no pool, or of another one, only say that the source held nothing else.
  void AddChips(const UnheardKey& key, int64_t micro_chips, LastHeld* held) const {
    if (key.pool.empty() || (!pool_.empty() && key.pool != pool_)) return;
    held->chips.emplace_back(key, micro_chips);
  }

  absl::Status ReadWindows() {
    return ReadRows(
        ledger_,
        "SELECT source, counted_from_unix_nanos, counted_to_unix_nanos, gaps FROM sources "
        "UNION ALL SELECT source, counted_from_unix_nanos, counted_to_unix_nanos, gaps "
        "FROM expired_sources",
        [&](const Statement& row) {
          const auto found = sources_.find(row.Text(0));
          if (found == sources_.end()) return absl::OkStatus();
          auto gaps = ParseGaps(row.Text(3));
          if (!gaps.ok()) return gaps.status();
          found->second.windows.emplace_back(TimeSpan{row.Integer(1), row.Integer(2)},
                                             *std::move(gaps));
          // What holds nothing at its end is not expected to.
          found->second.silences.try_emplace(row.Integer(2));
          return absl::OkStatus();
        });
  }

  void AddSource(const SilentSource& source) {
    Spans heard;
    for (const WindowSet& windows : source.windows) {
      const Spans spans = KnownSpans(windows);
      heard.insert(heard.end(), spans.begin(), spans.end());
    }
    heard = Merged(std::move(heard));
    for (auto at = source.silences.begin(); at != source.silences.end(); ++at) {
      const auto next = std::next(at);
      const int64_t until = std::min(at->second.until_unix_nanos,
                                     next == source.silences.end() ? kEver : next->first);
      AddSilence(LeftOf({at->first, until}, heard), at->second);
    }
  }

  void AddSilence(const Spans& silent, const LastHeld& held) {
    for (const TimeSpan& span : Common(silent, told_)) {
      for (const auto& [key, micro_chips] : held.chips) {
        parts_[key].emplace_back(span, micro_chips);
      }
    }
  }

  Database& ledger_;
  const Spans& told_;
  const std::string pool_;
  std::map<std::string, SilentSource> sources_;
  std::map<UnheardKey, std::vector<std::pair<TimeSpan, int64_t>>> parts_;
};

}  // namespace

StepCurve::StepCurve(const std::vector<std::pair<TimeSpan, int64_t>>& parts) {
  std::vector<std::pair<int64_t, int64_t>> changes;
  changes.reserve(2 * parts.size());
  for (const auto& [span, height] : parts) {
    changes.emplace_back(span.start_unix_nanos, height);
    changes.emplace_back(span.end_unix_nanos, -height);
  }
  std::sort(changes.begin(), changes.end());
  for (const auto& [at, change] : changes) {
    if (steps_.empty() || steps_.back().from_unix_nanos != at) {
      const absl::int128 level = steps_.empty() ? 0 : steps_.back().level;
      steps_.push_back({at, level, IntegralUntil(at)});
    }
    steps_.back().level += change;
  }
}

absl::int128 StepCurve::IntegralUntil(int64_t unix_nanos) const {
  const auto after =
      std::upper_bound(steps_.begin(), steps_.end(), unix_nanos,
                       [](int64_t time, const Step& step) { return time < step.from_unix_nanos; });
  if (after == steps_.begin()) return 0;
  const Step& step = *(after - 1);
  return step.before + step.level * (unix_nanos - step.from_unix_nanos);
}

absl::int128 StepCurve::Integral(TimeSpan span) const {
  return IntegralUntil(span.end_unix_nanos) - IntegralUntil(span.start_unix_nanos);
}

std::map<UnheardKey, absl::int128> Unheard::In(TimeSpan span) const {
  std::map<UnheardKey, absl::int128> chip_nanos;
  for (const auto& [key, curve] : chips_) {
    const absl::int128 micro = curve.Integral(span);
    if (micro > 0) chip_nanos.emplace(key, (micro + kMicroChips - 1) / kMicroChips);
  }
  return chip_nanos;
}

absl::int128 Unheard::H100eNanos(std::string_view pool, TimeSpan span,
                                 std::optional<std::string_view> team) const {
  absl::int128 sum = 0;
  for (auto at = chips_.lower_bound({.pool = std::string(pool), .team = "", .chip = ""});
       at != chips_.end() && at->first.pool == pool; ++at) {
    const UnheardKey& key = at->first;
    if (team && !key.team.empty() && key.team != *team) continue;
    const absl::int128 chip_nanos = at->second.Integral(span) / kMicroChips;
    sum += ToH100e({.chips = chip_nanos}, {key.numerator, key.denominator}).chips;
  }
  return sum;
}

absl::StatusOr<Unheard> ReadUnheardWithin(Database& ledger, const Spans& told, int64_t from,
                                          int64_t to, std::string_view pool) {
  return UnheardReader(ledger, Common(told, SpanOf(from, to)), pool).Run();
}

absl::StatusOr<std::map<std::string, int64_t, std::less<>>> ReadPoolsFrom(Database& ledger) {
  std::map<std::string, int64_t, std::less<>> pools;
  const absl::Status status =
      ReadRows(ledger, "SELECT pool, from_unix_nanos FROM pools_told", [&](const Statement& row) {
        pools[row.Text(0)] = row.Integer(1);
        return absl::OkStatus();
      });
  if (!status.ok()) return status;
  return pools;
}

std::optional<double> HeardPart(absl::int128 heard, absl::int128 unheard) {
  if (heard + unheard <= 0) return std::nullopt;
  return static_cast<double>(heard) / static_cast<double>(heard + unheard);
}

}  // namespace fleetmeter
