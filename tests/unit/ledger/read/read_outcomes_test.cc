// What the ledger answers of outcomes, against sums over the transactions themselves.
#include "daemon/ledger/read/read_outcomes.h"

#include <fmt/format.h>

#include <map>
#include <set>
#include <tuple>

#include "daemon/ledger/read/read_model_usage.h"
#include "daemon/ledger/sqlite/ledger_file.h"
#include "daemon/ledger/sqlite/outcome_columns.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/ledger/ledger_fixture.h"

namespace fleetmeter {
namespace {

using Lines = std::vector<std::string>;

constexpr int64_t kDaySeconds = 86'400;

std::string Digits(absl::int128 value) {
  return fmt::format("{}:{}", absl::Int128High64(value), absl::Int128Low64(value));
}

std::string TextOf(const UsageAmounts& a) {
  return Digits(a.chips) + "/" + Digits(a.busy) + "/" + Digits(a.productive) + "/" +
         Digits(a.measured) + "/" + Digits(a.productive_measured);
}

std::string PriceText(const std::optional<int64_t>& price) {
  return price ? fmt::format("{}", *price) : "no price";
}

bool In(const DaySpan& span, int64_t day) { return day >= span.from_day && day < span.to_day; }

// Sums over the transactions, in the plainest way there is.
class Oracle {
 public:
  explicit Oracle(const std::vector<LedgerTransaction>& transactions) {
    for (const LedgerTransaction& transaction : transactions) {
      for (const OutcomeEntry& entry : transaction.outcomes) outcomes_.push_back(&entry);
      for (const LedgerEntry& entry : transaction.counted) usage_.push_back(&entry);
    }
  }

  Lines Inference(const DaySpan& span) const {
    std::map<std::pair<std::string, std::string>, InferenceAmounts> sums;
    ForInference(span, [&](const BookedInference& row) {
      Add(&sums[{row.model, row.customer_tier}], row.amounts);
    });
    Lines lines;
    for (const auto& [key, sum] : sums) {
      lines.push_back(fmt::format("{} {} {}", key.first, key.second, TextOf(sum)));
    }
    return lines;
  }

  Lines ServedBy(const DaySpan& span) const {
    std::map<std::tuple<std::string, std::string, std::string>, InferenceAmounts> sums;
    ForInference(span, [&](const BookedInference& row) {
      if (!row.pool.empty()) Add(&sums[{row.pool, row.workload, row.model}], row.amounts);
    });
    Lines lines;
    for (const auto& [key, sum] : sums) {
      const auto& [pool, workload, model] = key;
      lines.push_back(fmt::format("{} {} {} {}", pool, workload, model, TextOf(sum)));
    }
    return lines;
  }

  Lines ReportedTraining(const DaySpan& span) const {
    using Key = std::tuple<int64_t, std::string, std::string, std::string, std::string>;
    std::map<Key, int64_t> sums;
    for (const OutcomeEntry* entry : outcomes_) {
      for (const TrainingRow& row : entry->training) {
        ForDays(span, *entry, [&](int64_t day, const auto& part_of) {
          const int64_t part = part_of(row.h100e_seconds);
          if (part == 0 && !part_of.is_first) return;
          sums[{day, row.model, row.family, row.run, std::string(Name(row.phase))}] += part;
        });
      }
    }
    Lines lines;
    for (const auto& [key, sum] : sums) {
      const auto& [day, model, family, run, phase] = key;
      lines.push_back(fmt::format("{} {} {} {} {} {}", day, model, family, run, phase, sum));
    }
    return lines;
  }

  Lines Serving(const DaySpan& span) const {
    using Key =
        std::tuple<std::string, std::string, std::string, std::string, std::optional<int64_t>>;
    std::map<Key, UsageAmounts> sums;
    ForUsage(span, [&](int64_t, const LedgerEntry& entry, size_t i, const UsageAmounts& part) {
      const UsageGroup& g = entry.report.groups[i];
      if (entry.terms[i].category != "inference") return;
      sums[{g.model, g.pool, g.model.empty() ? g.workload : "", entry.conversions[i].chip,
            entry.terms[i].micro_usd_per_chip_hour}] += part;
    });
    Lines lines;
    for (const auto& [key, sum] : sums) {
      const auto& [model, pool, workload, chip, price] = key;
      lines.push_back(fmt::format("{} {} {} {} {} {}", model, pool, workload, chip,
                                  PriceText(price), TextOf(sum)));
    }
    return lines;
  }

  // Chip-nanoseconds that serve, and H100e-nanoseconds that train by usage reports alone, without
  // history. Rounded as the totals are: a sum for each cell.
  std::pair<absl::int128, absl::int128> LiveTotals() const {
    std::set<std::string> reported;
    for (const OutcomeEntry* entry : outcomes_) {
      for (const TrainingRow& row : entry->training) reported.insert(row.run);
    }
    std::pair<absl::int128, absl::int128> sums;
    using Cell = std::tuple<std::string, std::string, std::string, std::string, std::string,
                            std::string, std::optional<int64_t>>;
    std::map<Cell, std::pair<Ratio, UsageAmounts>> training;
    ForUsage({0, INT64_MAX / 2},
             [&](int64_t, const LedgerEntry& entry, size_t i, const UsageAmounts& part) {
               const UsageGroup& g = entry.report.groups[i];
               if (entry.history) return;
               if (entry.terms[i].category == "inference") {
                 sums.first += part.chips;
               } else if (!g.run.empty() && !reported.contains(g.run)) {
                 const Ratio& ratio = entry.conversions[i].chips_per_h100e;
                 auto& [kept, sum] =
                     training[{entry.terms[i].category, g.pool, g.workload_type, g.model, g.run,
                               ratio.ToString(), entry.terms[i].micro_usd_per_chip_hour}];
                 kept = ratio;
                 sum += part;
               }
             });
    for (const auto& [unused, sum] : training) {
      sums.second += Rounded(sum.second, sum.first).chips;
    }
    return sums;
  }

  Lines MeasuredTraining(const DaySpan& span) const {
    std::set<std::string> reported;
    for (const OutcomeEntry* entry : outcomes_) {
      for (const TrainingRow& row : entry->training) reported.insert(row.run);
    }
    using Key = std::tuple<int64_t, std::string, std::string, std::string>;
    std::map<Key, std::map<std::string, std::pair<Ratio, UsageAmounts>>> sums;
    ForUsage(span, [&](int64_t day, const LedgerEntry& entry, size_t i, const UsageAmounts& part) {
      const UsageGroup& g = entry.report.groups[i];
      if (entry.terms[i].category == "inference" || g.run.empty() || reported.contains(g.run)) {
        return;
      }
      const Ratio& ratio = entry.conversions[i].chips_per_h100e;
      auto& [kept, sum] = sums[{day, g.model, g.run, g.workload_type}][ratio.ToString()];
      kept = ratio;
      sum += part;
    });
    Lines lines;
    for (const auto& [key, by_ratio] : sums) {
      UsageAmounts h100e;
      for (const auto& [unused, sum] : by_ratio) h100e += Rounded(sum.second, sum.first);
      const auto& [day, model, run, type] = key;
      lines.push_back(fmt::format("{} {} {} {} {}", day, model, run, type, TextOf(h100e)));
    }
    return lines;
  }

 private:
  // What of an amount lies in a day of an entry's window: the difference of what has passed by its
  // end and by its beginning, each without what lies beyond the point.
  struct PartOf {
    int64_t from = 0;
    int64_t to = 0;
    int64_t length = 0;
    bool is_first = false;

    int64_t operator()(int64_t amount) const {
      const auto until = [&](int64_t moment) {
        return static_cast<int64_t>(absl::int128(amount) * moment / length);
      };
      return until(to) - until(from);
    }
  };

  // Calls `part(day, PartOf)` for each day of the span that the entry's window has.
  template <class Part>
  static void ForDays(const DaySpan& span, const OutcomeEntry& entry, const Part& part) {
    constexpr int64_t kDayNanos = kDaySeconds * kNanosPerSecond;
    const int64_t start = entry.window_start_unix_nanos, length = entry.window_length_nanos;
    for (int64_t day = start / kDayNanos; day * kDayNanos < start + length; ++day) {
      if (!In(span, day * kDaySeconds)) continue;
      const int64_t from = std::max<int64_t>(day * kDayNanos - start, 0);
      part(day * kDaySeconds, PartOf{.from = from,
                                     .to = std::min((day + 1) * kDayNanos - start, length),
                                     .length = length,
                                     .is_first = from == 0});
    }
  }

  static void Add(InferenceAmounts* sum, const InferenceAmounts& amounts) {
    for (const auto column : kInferenceColumns) sum->*column += amounts.*column;
  }

  static UsageAmounts Rounded(const UsageAmounts& chips, const Ratio& ratio) {
    const auto one = [&](absl::int128 amount) {
      const absl::int128 scaled = amount * ratio.denominator;
      const absl::int128 whole = scaled / ratio.numerator;
      return whole + (scaled % ratio.numerator * 2 >= ratio.numerator ? 1 : 0);
    };
    return {one(chips.chips), one(chips.busy), one(chips.productive), one(chips.measured),
            one(chips.productive_measured)};
  }

  template <class Row>
  void ForInference(const DaySpan& span, const Row& row) const {
    for (const OutcomeEntry* entry : outcomes_) {
      for (const BookedInference& one : entry->inference) {
        ForDays(span, *entry, [&](int64_t, const auto& part_of) {
          BookedInference part = one;
          bool any = part_of.is_first;
          for (const auto column : kInferenceColumns) {
            part.amounts.*column = part_of(one.amounts.*column);
            any = any || part.amounts.*column != 0;
          }
          if (any) row(part);
        });
      }
    }
  }

  // The part of each group that lies in a day of the span, of all that has its place in the tables.
  template <class Part>
  void ForUsage(const DaySpan& span, const Part& part) const {
    for (const LedgerEntry* entry : usage_) {
      const UsageReport& report = entry->report;
      const int64_t start = report.window_start_unix_nanos, length = report.window_length_nanos;
      const int64_t first = start / kNanosPerSecond / kDaySeconds * kDaySeconds;
      for (int64_t day = first; day * kNanosPerSecond < start + length; day += kDaySeconds) {
        if (!In(span, day)) continue;
        const int64_t from = std::max<int64_t>(day * kNanosPerSecond - start, 0);
        const int64_t to = std::min((day + kDaySeconds) * kNanosPerSecond - start, length);
        for (size_t i = 0; i < report.groups.size(); ++i) {
          const UsageGroup& g = report.groups[i];
          if (g.state != ChipState::kAssigned) continue;
          const auto cut = [&](int64_t amount) {
            return absl::int128(amount) * to / length - absl::int128(amount) * from / length;
          };
          UsageAmounts amounts;
          amounts.chips = cut(g.chip_nanos);
          if (g.busy_chip_nanos) amounts.busy = cut(*g.busy_chip_nanos);
          if (g.busy_chip_nanos) amounts.measured = amounts.chips;
          if (g.productive_chip_nanos) amounts.productive = cut(*g.productive_chip_nanos);
          if (g.productive_chip_nanos) amounts.productive_measured = amounts.chips;
          part(day, *entry, i, amounts);
        }
      }
    }
  }

  std::vector<const OutcomeEntry*> outcomes_;
  std::vector<const LedgerEntry*> usage_;
};

template <class Rows, class Text>
Lines LinesOfRows(const Rows& rows, const Text& text) {
  EXPECT_TRUE(rows.ok()) << rows.status();
  Lines lines;
  if (!rows.ok()) return lines;
  for (const auto& row : *rows) lines.push_back(text(row));
  return lines;
}

Lines Inference(Database& ledger, const DaySpan& span) {
  return LinesOfRows(ReadInference(ledger, span), [](const SegmentSum& row) {
    return fmt::format("{} {} {}", row.model, row.customer_tier, TextOf(row.amounts));
  });
}

Lines Serving(Database& ledger, const DaySpan& span) {
  return LinesOfRows(ReadServing(ledger, span), [](const ServingSum& row) {
    return fmt::format("{} {} {} {} {} {}", row.model, row.pool, row.workload, row.chip,
                       PriceText(row.micro_usd_per_chip_hour), TextOf(row.amounts));
  });
}

Lines WhatServed(Database& ledger, const DaySpan& span) {
  return LinesOfRows(ReadServedBy(ledger, span), [](const ServedBy& row) {
    return fmt::format("{} {} {} {}", row.pool, row.workload, row.model, TextOf(row.amounts));
  });
}

Lines Reported(Database& ledger, const DaySpan& span) {
  return LinesOfRows(ReadReportedTraining(ledger, span), [](const ReportedTraining& row) {
    return fmt::format("{} {} {} {} {} {}", row.day, row.model, row.family, row.run,
                       Name(row.phase), row.h100e_seconds);
  });
}

Lines Measured(Database& ledger, const DaySpan& span) {
  return LinesOfRows(ReadMeasuredTraining(ledger, span), [](const MeasuredTraining& row) {
    return fmt::format("{} {} {} {} {}", row.day, row.model, row.run, row.workload_type,
                       TextOf(row.h100e));
  });
}

// Of everything without history: chips that serve, and H100e that train.
std::pair<absl::int128, absl::int128> Totals(Database& ledger) {
  const auto serving = ReadServingTotals(ledger);
  const auto training = ReadMeasuredTrainingTotals(ledger);
  EXPECT_TRUE(serving.ok() && training.ok()) << serving.status() << training.status();
  std::pair<absl::int128, absl::int128> sums;
  for (const ServingSum& row : *serving) sums.first += row.amounts.chips;
  const auto cells = ledger.Integer("SELECT count(*) FROM model_usage_history WHERE chips_s > 0");
  EXPECT_GT(cells.value_or(0), 0) << "there is history";
  for (const MeasuredTraining& row : *training) {
    EXPECT_EQ(row.day, 0);
    sums.second += row.h100e.chips;
  }
  return sums;
}

TEST(ReadOutcomes, GivesWhatThePlainestSumsGive) {
  for (const uint64_t seed : {61, 62, 63}) {
    const TempFolder folder;
    const auto options = LedgerOptions(folder.PathOf("books"));
    TransactionMaker maker(seed);
    auto ledger = OpenLedger(options);
    std::vector<LedgerTransaction> transactions;
    for (int i = 0; i < 120; ++i) {
      transactions.push_back(maker.Next(5 * kHour));
      ASSERT_TRUE(ledger->Commit(transactions.back()).ok());
      maker.Committed(transactions.back());
      // What becomes of hours and days of usage is nothing to them.
      ASSERT_TRUE(ledger->Maintain(maker.now()).ok());
    }
    const Oracle oracle(transactions);
    const auto reader = OpenLedgerToRead(options.path);
    ASSERT_TRUE(reader.ok()) << reader.status();
    const auto days = ReadOutcomeDays(**reader);
    ASSERT_TRUE(days.ok() && days->has_value());
    EXPECT_EQ(Totals(**reader), oracle.LiveTotals()) << seed;
    std::mt19937_64 random(seed);
    for (int i = 0; i < 25; ++i) {
      DaySpan span = **days;
      const int64_t length = (span.to_day - span.from_day) / kDaySeconds;
      if (i > 0) {
        span.from_day +=
            static_cast<int64_t>(random() % static_cast<uint64_t>(length)) * kDaySeconds;
        span.to_day = span.from_day + static_cast<int64_t>(random() % 40) * kDaySeconds;
      }
      const std::string what = fmt::format("seed {}, {} to {}", seed, span.from_day, span.to_day);
      EXPECT_EQ(Inference(**reader, span), oracle.Inference(span)) << what;
      EXPECT_EQ(Serving(**reader, span), oracle.Serving(span)) << what;
      EXPECT_EQ(WhatServed(**reader, span), oracle.ServedBy(span)) << what;
      EXPECT_EQ(Reported(**reader, span), oracle.ReportedTraining(span)) << what;
      EXPECT_EQ(Measured(**reader, span), oracle.MeasuredTraining(span)) << what;
      if (i > 0) continue;
      // There is something to compare, and nothing lies outside.
      EXPECT_GT(Inference(**reader, span).size(), 4U);
      EXPECT_GT(Serving(**reader, span).size(), 10U);
      EXPECT_GT(WhatServed(**reader, span).size(), 4U);
      EXPECT_GT(Reported(**reader, span).size(), 20U);
      EXPECT_GT(Measured(**reader, span).size(), 10U);
      const DaySpan all{0, INT64_MAX / 2};
      EXPECT_EQ(Inference(**reader, span), Inference(**reader, all));
      EXPECT_EQ(Serving(**reader, span), Serving(**reader, all));
      EXPECT_EQ(Measured(**reader, span), Measured(**reader, all));
    }
  }
}

TEST(ReadOutcomes, GivesNothingOfAnEmptyLedger) {
  const TempFolder folder;
  const auto options = LedgerOptions(folder.PathOf("books"));
  OpenLedger(options).reset();
  const auto reader = OpenLedgerToRead(options.path);
  ASSERT_TRUE(reader.ok()) << reader.status();
  const DaySpan all{0, INT64_MAX / 2};
  EXPECT_EQ(Inference(**reader, all), Lines{});
  EXPECT_EQ(Serving(**reader, all), Lines{});
  EXPECT_EQ(WhatServed(**reader, all), Lines{});
  EXPECT_EQ(Reported(**reader, all), Lines{});
  EXPECT_EQ(Measured(**reader, all), Lines{});
  EXPECT_TRUE(ReadBenchmarks(**reader)->empty());
  const auto days = ReadOutcomeDays(**reader);
  ASSERT_TRUE(days.ok());
  EXPECT_FALSE(days->has_value());
}

}  // namespace
}  // namespace fleetmeter
