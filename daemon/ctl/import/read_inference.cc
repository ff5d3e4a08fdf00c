#include "daemon/ctl/import/read_inference.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "absl/numeric/int128.h"
#include "daemon/base/calendar.h"
#include "daemon/base/decimal.h"
#include "daemon/base/units.h"
#include "daemon/ctl/import/window_ends.h"
#include "fmt/format.h"

namespace fleetmeter::imports {
namespace {

using outcomes::Sales;
using outcomes::Segment;

void ReadUsd(RowReader& reader, std::string_view column, std::optional<int64_t>* micro_usd,
             int64_t* rest) {
  const auto amount = reader.OptionalMicroUsd(column);
  if (!amount) return;
  *micro_usd = amount->whole;
  *rest = amount->rest;
}

// By the price of the day that the row begins on; without one it has no revenue.
absl::Status PriceRow(const outcomes::PriceBook& prices, InferenceRow* row) {
  const Sales& sales = row->sales;
  row->sales.revenue_micro_usd.reset();
  row->revenue_rest = 0;
  const auto parts = prices.RevenueParts(row->segment.model, row->segment.customer_tier,
                                         DayOf(row->start_unix_seconds),
                                         {.input = sales.input_tokens - row->cached_input_tokens,
                                          .cached_input = row->cached_input_tokens,
                                          .output = sales.output_tokens});
  if (!parts) return absl::OkStatus();
  const auto revenue = outcomes::ToMicroUsd(*parts);
  if (!revenue.ok()) return revenue.status();
  row->sales.revenue_micro_usd = *revenue;
  row->revenue_rest =
      static_cast<int64_t>(*parts - absl::int128(*revenue) * outcomes::kPartsPerMicroUsd) *
      (kPartsPerUnit / outcomes::kPartsPerMicroUsd);
  return absl::OkStatus();
}

InferenceRow ReadRow(RowReader& reader, const outcomes::PriceBook& prices) {
  InferenceRow row;
  row.start_unix_seconds = reader.Time("start");
  row.segment.model = reader.Label("model");
  row.segment.customer_tier = reader.OptionalLabel("customer_tier");
  Sales& sales = row.sales;
  sales.requests = reader.Count("requests");
  sales.input_tokens = reader.Count("input_tokens");
  sales.output_tokens = reader.Count("output_tokens");
  row.cached_input_tokens = reader.OptionalCount("cached_input_tokens");
  if (row.cached_input_tokens > sales.input_tokens) {
    reader.Refuse("cached_input_tokens", "expected at most input_tokens, of which they are a part");
  }
  ReadUsd(reader, "revenue_usd", &sales.revenue_micro_usd, &row.revenue_rest);
  ReadUsd(reader, "cost_usd", &sales.cost_micro_usd, &row.cost_rest);
  row.by_price_book = !sales.revenue_micro_usd;
  if (!reader.ok() || !row.by_price_book) return row;
  if (absl::Status priced = PriceRow(prices, &row); !priced.ok()) {
    reader.Refuse("output_tokens", std::string(priced.message()));
  }
  return row;
}

// Moves rows to the days that begin with them by their own clocks, if one does with each, and says
// where each row ends. `days` are in nanoseconds.
void SettleWindows(const std::vector<std::optional<int64_t>>& days,
                   std::vector<InferenceRow>* rows) {
  std::set<int64_t> instants;
  std::set<int64_t> named;
  for (size_t i = 0; i < rows->size(); ++i) {
    instants.insert((*rows)[i].start_unix_seconds * kNanosPerSecond);
    if (days[i]) named.insert(*days[i]);
  }
  const bool are_named =
      named.size() == instants.size() &&
      std::all_of(days.begin(), days.end(), [](const auto& day) { return day.has_value(); });
  const WindowEnds ends(are_named ? named : instants, std::nullopt);
  for (size_t i = 0; i < rows->size(); ++i) {
    int64_t& start = (*rows)[i].start_unix_seconds;
    if (are_named) start = *days[i] / kNanosPerSecond;
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

// What of a row lies in [from, to).
InferenceRow PartOf(const InferenceRow& row, int64_t from, int64_t to) {
  const PartIn part(row, from, to);
  InferenceRow cut = row;
  cut.start_unix_seconds = std::max(from, row.start_unix_seconds);
  cut.end_unix_seconds = std::min(to, row.end_unix_seconds);
  cut.sales.requests = part.Of(row.sales.requests);
  cut.sales.input_tokens = part.Of(row.sales.input_tokens);
  cut.sales.output_tokens = part.Of(row.sales.output_tokens);
  cut.cached_input_tokens = part.Of(row.cached_input_tokens);
  cut.sales.cost_micro_usd = part.Of(row.sales.cost_micro_usd);
  cut.cost_rest = part.Of(row.cost_rest);
  return cut;
}

// Windows of several days that the price book prices, as a row for each of their days, so that each
// has the price of its day, as in the books.
absl::Status PriceByDay(const outcomes::PriceBook& prices, std::vector<InferenceRow>* rows) {
  std::vector<InferenceRow> by_day;
  for (InferenceRow& row : *rows) {
    if (!row.by_price_book ||
        row.end_unix_seconds <= DayOf(row.start_unix_seconds) + kSecondsPerDay) {
      by_day.push_back(std::move(row));
      continue;
    }
    for (int64_t day = DayOf(row.start_unix_seconds); day < row.end_unix_seconds;
         day += kSecondsPerDay) {
      InferenceRow& part = by_day.emplace_back(PartOf(row, day, day + kSecondsPerDay));
      if (absl::Status priced = PriceRow(prices, &part); !priced.ok()) return priced;
    }
  }
  *rows = std::move(by_day);
  return absl::OkStatus();
}

bool AddTo(int64_t value, int64_t* sum) { return !__builtin_add_overflow(*sum, value, sum); }

// A sum with something unknown is unknown.
bool AddKnown(const std::optional<int64_t>& value, std::optional<int64_t>* sum) {
  if (!value) sum->reset();
  return !*sum || AddTo(*value, &**sum);
}

bool AddPart(const InferenceRow& row, const PartIn& part, Sales* sum) {
  return AddTo(part.Of(row.sales.requests), &sum->requests) &&
         AddTo(part.Of(row.sales.input_tokens), &sum->input_tokens) &&
         AddTo(part.Of(row.sales.output_tokens), &sum->output_tokens) &&
         AddKnown(part.Of(row.sales.revenue_micro_usd), &sum->revenue_micro_usd) &&
         AddKnown(part.Of(row.sales.cost_micro_usd), &sum->cost_micro_usd);
}

// What rounding left of revenue and cost of a segment.
struct Rests {
  absl::int128 revenue = 0;
  absl::int128 cost = 0;
};

// The whole micro-dollars of it.
bool AddRests(const Rests& rests, Sales* sum) {
  const auto add = [](absl::int128 rest, std::optional<int64_t>* amount) {
    return !*amount || AddTo(static_cast<int64_t>(rest / kPartsPerUnit), &**amount);
  };
  return add(rests.revenue, &sum->revenue_micro_usd) && add(rests.cost, &sum->cost_micro_usd);
}

absl::Status TooMuch(const Segment& segment) {
  return absl::OutOfRangeError(
      fmt::format("model {}, customer tier {}: the rows add up to more than 64 bits hold; "
                  "expected less",
                  segment.model, segment.customer_tier));
}

}  // namespace

absl::StatusOr<Rows<InferenceRow>> ReadInference(CsvReader& csv,
                                                 const outcomes::PriceBook& prices) {
  const std::vector<std::string_view> known = {
      "start",        "model",         "customer_tier",       "requests",
      "input_tokens", "output_tokens", "cached_input_tokens", "revenue_usd",
      "cost_usd"};
  absl::Status columns = csv.CheckRenamed(known);
  if (columns.ok()) {
    columns = csv.RequireColumns(
        {"start", "model", "customer_tier", "requests", "input_tokens", "output_tokens"});
  }
  if (columns.ok()) columns = csv.RefuseOtherColumns(known);
  if (!columns.ok()) return columns;
  // What was served in a window is said once: a second row would count it twice.
  std::map<std::pair<int64_t, Segment>, int64_t> lines;
  std::vector<std::optional<int64_t>> days;  // that begin with the rows
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
    days.push_back(reader.BegunDay("start"));
    return row;
  });
  SettleWindows(days, &rows.rows);
  if (absl::Status priced = PriceByDay(prices, &rows.rows); !priced.ok()) return priced;
  return rows;
}

absl::StatusOr<outcomes::Period> PeriodOf(const std::vector<InferenceRow>& rows,
                                          int64_t from_unix_seconds, int64_t to_unix_seconds) {
  outcomes::Period period;
  std::map<Segment, Rests> rests;
  for (const InferenceRow& row : rows) {
    const PartIn part(row, from_unix_seconds, to_unix_seconds);
    if (part.IsEmpty()) continue;
    const auto [it, is_new] =
        period.try_emplace(row.segment, Sales{.revenue_micro_usd = 0, .cost_micro_usd = 0});
    if (!AddPart(row, part, &it->second)) return TooMuch(row.segment);
    Rests& left = rests[row.segment];
    left.revenue += part.Of(row.revenue_rest);
    left.cost += part.Of(row.cost_rest);
  }
  for (auto& [segment, sum] : period) {
    if (!AddRests(rests[segment], &sum)) return TooMuch(segment);
  }
  return period;
}

}  // namespace fleetmeter::imports
