#include "daemon/ctl/import/read_inference.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "absl/numeric/int128.h"
#include "daemon/base/units.h"
#include "daemon/ctl/import/window_ends.h"
#include "fmt/format.h"

namespace fleetmeter::imports {
namespace {

using outcomes::Sales;
using outcomes::Segment;

InferenceRow ReadRow(RowReader& reader, const outcomes::PriceBook& prices) {
  InferenceRow row;
  row.start_unix_seconds = reader.Time("start");
  row.segment.model = reader.Label("model");
  row.segment.customer_tier = reader.OptionalLabel("customer_tier");
  Sales& sales = row.sales;
  sales.requests = reader.Count("requests");
  sales.input_tokens = reader.Count("input_tokens");
  sales.output_tokens = reader.Count("output_tokens");
  const int64_t cached = reader.OptionalCount("cached_input_tokens");
  if (cached > sales.input_tokens) {
    reader.Refuse("cached_input_tokens", "expected at most input_tokens, of which they are a part");
  }
  sales.revenue_micro_usd = reader.OptionalMicroUsd("revenue_usd");
  sales.cost_micro_usd = reader.OptionalMicroUsd("cost_usd");
  if (!reader.ok() || sales.revenue_micro_usd) return row;
  const auto revenue =
      prices.RevenueMicroUsd(row.segment.model, row.segment.customer_tier, row.start_unix_seconds,
                             {.input = sales.input_tokens - cached,
                              .cached_input = cached,
                              .output = sales.output_tokens});
  if (revenue.ok()) {
    sales.revenue_micro_usd = *revenue;
  } else {
    reader.Refuse("output_tokens", std::string(revenue.status().message()));
  }
  return row;
}

// Moves rows to the days that they name, if all are midnights by their own clocks, and says where
// each ends. `offsets`: how far their clocks are ahead of UTC, in seconds.
void SettleWindows(const std::vector<int64_t>& offsets, std::vector<InferenceRow>* rows) {
  std::set<int64_t> instants;
  std::set<int64_t> named;
  bool days = true;
  for (size_t i = 0; i < rows->size(); ++i) {
    const int64_t start = (*rows)[i].start_unix_seconds;
    instants.insert(start * kNanosPerSecond);
    named.insert((start + offsets[i]) * kNanosPerSecond);
    days = days && (start + offsets[i]) % kSecondsPerDay == 0;
  }
  days = days && named.size() == instants.size();
  const WindowEnds ends(days ? named : instants, std::nullopt);
  for (size_t i = 0; i < rows->size(); ++i) {
    int64_t& start = (*rows)[i].start_unix_seconds;
    if (days) start += offsets[i];
    const auto end = ends.EndOf(start * kNanosPerSecond);
    (*rows)[i].end_unix_seconds = end ? *end / kNanosPerSecond : start;
  }
}

// What of a window lies in a span: all of a moment in it.
class PartIn {
 public:
  PartIn(const InferenceRow& row, int64_t from, int64_t to)
      : start_(row.start_unix_seconds),
        length_(std::max<int64_t>(row.end_unix_seconds - start_, 1)),
        from_(std::clamp<int64_t>(from - start_, 0, length_)),
        to_(std::clamp<int64_t>(to - start_, 0, length_)) {}

  bool IsEmpty() const { return from_ >= to_; }
  int64_t Of(int64_t amount) const {
    const absl::int128 whole = amount;
    return static_cast<int64_t>(whole * to_ / length_ - whole * from_ / length_);
  }
  std::optional<int64_t> Of(const std::optional<int64_t>& amount) const {
    return amount ? std::optional(Of(*amount)) : std::nullopt;
  }

 private:
  const int64_t start_;
  const int64_t length_;
  const int64_t from_;
  const int64_t to_;
};

bool AddTo(int64_t value, int64_t* sum) { return !__builtin_add_overflow(*sum, value, sum); }

// A sum with something unknown is unknown.
bool AddKnown(const std::optional<int64_t>& value, std::optional<int64_t>* sum) {
  if (!value) sum->reset();
  return !*sum || AddTo(*value, &**sum);
}

}  // namespace

absl::StatusOr<Rows<InferenceRow>> ReadInference(CsvReader& csv,
                                                 const outcomes::PriceBook& prices) {
  absl::Status columns = csv.RequireColumns(
      {"start", "model", "customer_tier", "requests", "input_tokens", "output_tokens"});
  if (columns.ok()) {
    columns =
        csv.RefuseOtherColumns({"start", "model", "customer_tier", "requests", "input_tokens",
                                "output_tokens", "cached_input_tokens", "revenue_usd", "cost_usd"});
  }
  if (!columns.ok()) return columns;
  // What was served in a window is said once: a second row would count it twice.
  std::map<std::pair<int64_t, Segment>, int64_t> lines;
  std::vector<int64_t> offsets;
  auto rows = ReadRows<InferenceRow>(csv, [&](RowReader& reader) {
    InferenceRow row = ReadRow(reader, prices);
    if (!reader.ok()) return row;
    const auto [it, is_new] =
        lines.emplace(std::pair(row.start_unix_seconds, row.segment), csv.line());
    if (!is_new) {
      reader.Refuse("start",
                    fmt::format("line {} says what this model and customer tier served from "
                                "then on; expected it once",
                                it->second));
      return row;
    }
    offsets.push_back(OffsetOf(reader.Field("start")) / kNanosPerSecond);
    return row;
  });
  if (rows.ok()) SettleWindows(offsets, &rows->rows);
  return rows;
}

absl::StatusOr<outcomes::Period> PeriodOf(const std::vector<InferenceRow>& rows,
                                          int64_t from_unix_seconds, int64_t to_unix_seconds) {
  outcomes::Period period;
  for (const InferenceRow& row : rows) {
    const PartIn part(row, from_unix_seconds, to_unix_seconds);
    if (part.IsEmpty()) continue;
    const auto [it, is_new] =
        period.try_emplace(row.segment, Sales{.revenue_micro_usd = 0, .cost_micro_usd = 0});
    Sales& sum = it->second;
    const bool fits = AddTo(part.Of(row.sales.requests), &sum.requests) &&
                      AddTo(part.Of(row.sales.input_tokens), &sum.input_tokens) &&
                      AddTo(part.Of(row.sales.output_tokens), &sum.output_tokens) &&
                      AddKnown(part.Of(row.sales.revenue_micro_usd), &sum.revenue_micro_usd) &&
                      AddKnown(part.Of(row.sales.cost_micro_usd), &sum.cost_micro_usd);
    if (!fits) {
      return absl::OutOfRangeError(
          fmt::format("model {}, customer tier {}: the rows add up to more than 64 bits hold; "
                      "expected less",
                      row.segment.model, row.segment.customer_tier));
    }
  }
  return period;
}

}  // namespace fleetmeter::imports
