// Adding up never changes a total: the daemon's own decoder is the judge.
#include "collectors/spool/coalesce.h"

#include <map>
#include <random>

#include "absl/numeric/int128.h"
#include "daemon/ingest/decode_report.h"
#include "daemon/ledger/postings.h"
#include "gmock/gmock.h"
#include "tests/unit/collectors/spool/spool_testing.h"

namespace fleetmeter::collector {
namespace {

constexpr int64_t kStart = 1'700'000'000LL / 3'600 * 3'600 * kNanosPerSecond;

struct Total {
  absl::int128 chip = 0;
  absl::int128 busy = 0;
  absl::int128 productive = 0;
  bool operator==(const Total&) const = default;
};
std::ostream& operator<<(std::ostream& out, const Total& total) {
  return out << total.chip << "/" << total.busy << "/" << total.productive;
}

// By all labels and whether productive time is known; durations by source; rejections as they are.
struct Books {
  std::map<std::string, Total> totals;
  std::map<std::string, int64_t> durations;
  std::multiset<std::string> rejected;
  bool operator==(const Books&) const = default;
};

void Count(const UsageReport& report, Books& books) {
  books.durations[report.source] += report.duration_nanos;
  for (const UsageGroup& g : report.groups) {
    const std::string hour = std::to_string(HourOf(report.window_start_unix_nanos));
    Total& total =
        books.totals[hour + "|" + report.source + "|" + g.chip + "|" + std::string(Name(g.state)) +
                     "|" + g.pool + "|" + g.team + "|" + g.workload + "|" + g.workload_type + "|" +
                     g.model + "|" + g.run + "|" + g.signal + "|" +
                     (g.busy_chip_nanos ? "b" : "-") + (g.productive_chip_nanos ? "p" : "-")];
    total.chip += g.chip_nanos;
    total.busy += g.busy_chip_nanos.value_or(0);
    total.productive += g.productive_chip_nanos.value_or(0);
  }
}

Books Decode(const std::vector<StoredReport>& reports) {
  Books books;
  std::map<std::string, int64_t> ends;
  for (const StoredReport& stored : reports) {
    v1::UsageReport wire;
    EXPECT_TRUE(wire.ParsePartialFromString(stored.bytes));
    const SequencedReport decoded = DecodeReport(wire);
    if (decoded.rejection) {
      books.rejected.insert(stored.bytes);
      continue;
    }
    EXPECT_EQ(stored.window_end_unix_nanos, decoded.report.WindowEnd());
    EXPECT_LE(decoded.report.window_length_nanos, 3'600 * kNanosPerSecond);
    EXPECT_GE(decoded.report.window_start_unix_nanos, ends[decoded.report.source])
        << "windows of a source stay in order";
    ends[decoded.report.source] = decoded.report.WindowEnd();
    Count(decoded.report, books);
  }
  return books;
}

class RandomFleet {
 public:
  explicit RandomFleet(uint32_t seed) : random_(seed) {}

  std::vector<StoredReport> Reports(size_t count) {
    std::vector<StoredReport> reports;
    std::map<std::string, int64_t> ends;
    std::map<std::string, uint64_t> phases;
    while (reports.size() < count) {
      const std::string source = "host-" + std::to_string(Pick(3));
      int64_t& end = ends.try_emplace(source, kStart + 3'500 * kNanosPerSecond).first->second;
      if (Pick(10) == 0) end += kNanosPerSecond;   // a gap
      if (Pick(8) == 0) phases[source] = Pick(4);  // other assignments
      v1::UsageReport report = Report(source, end, phases[source]);
      if (Pick(15) == 0) Spoil(report);
      end += report.window_length_nanos();
      reports.push_back(
          {report.window_start_unix_nanos() + report.window_length_nanos(), BytesOf(report)});
    }
    return reports;
  }

 private:
  uint64_t Pick(uint64_t n) { return random_() % n; }
  double Ratio() { return Pick(4) == 0 ? static_cast<double>(Pick(2)) : Pick(1'000'001) / 1e6; }

  v1::UsageReport Report(const std::string& source, int64_t start, uint64_t phase) {
    v1::UsageReport report;
    report.set_source(source);
    report.set_window_start_unix_nanos(start);
    report.set_window_length_nanos(static_cast<int64_t>(10'000'000'000 + Pick(1'000)));
    if (Pick(3) != 0) {
      report.set_duration_nanos(static_cast<int64_t>(10'000'000'000 + Pick(999'999'999)));
    }
    uint32_t device = 0;
    for (uint64_t i = 0; i <= phase; ++i) AddGroup(report, i, device);
    return report;
  }

  void AddGroup(v1::UsageReport& report, uint64_t i, uint32_t& device) {
    v1::UsageGroup& group = *report.add_groups();
    group.set_chip(i % 2 == 0 ? "h100" : "a100");
    const bool assigned = i != 3;
    const bool measured = assigned && i != 2;
    group.set_state(assigned ? v1::CHIP_STATE_ASSIGNED : v1::CHIP_STATE_UNASSIGNED);
    if (assigned) {
      group.set_pool("pool-" + std::to_string(i));
      group.set_team("team");
      group.set_workload("job-" + std::to_string(Pick(2)));
      group.set_signal(measured ? "gr_engine_active" : "allocated_only");
    }
    if (Pick(3) == 0) {
      v1::ChipSums& sums = *group.mutable_sums();
      sums.set_chip_nanos(static_cast<int64_t>(Pick(80'000'000'000)));
      const auto most = static_cast<uint64_t>(sums.chip_nanos()) + 1;
      if (measured) sums.set_busy_chip_nanos(static_cast<int64_t>(Pick(most)));
      if (measured && Pick(2) == 0)
        sums.set_productive_chip_nanos(static_cast<int64_t>(Pick(most)));
      return;
    }
    v1::PerChip& chips = *group.mutable_per_chip();
    const bool slices = Pick(2) == 0;
    const bool productive = Pick(2) == 0;
    for (uint64_t n = 1 + Pick(4); n-- > 0; ++device) {
      chips.add_device(device);
      if (slices) chips.add_share_ppm(static_cast<uint32_t>(1 + Pick(1'000'000)));
      if (measured) chips.add_activity(Ratio());
      if (measured && productive) chips.add_productive(Ratio());
      if (slices) chips.add_memory(Ratio());
    }
  }

  // As the daemon would reject it.
  void Spoil(v1::UsageReport& report) {
    v1::UsageGroup& group = *report.mutable_groups(0);
    switch (Pick(6)) {
      case 0:
        return group.set_state(v1::CHIP_STATE_UNSPECIFIED);
      case 1:
        return group.set_team("bad\xff");
      case 2:
        return group.clear_measure();
      case 3:
        return group.set_pool("");
      case 4:
        return group.set_model(std::string(200, 'm'));
      default:
        group.mutable_per_chip()->clear_device();
        group.mutable_per_chip()->add_device(70'000);
    }
  }

  std::mt19937_64 random_;
};

TEST(Coalesce, KeepsEveryTotalToTheNanosecondAndEveryRejection) {
  uint64_t added_up = 0;
  for (uint32_t seed = 1; seed <= 300; ++seed) {
    const std::vector<StoredReport> reports = RandomFleet(seed).Reports(60);
    const Books before = Decode(reports);
    const Coalesced once = Coalesce(reports, 1);
    EXPECT_EQ(once.reports.size() + once.added_up, reports.size());
    const Books after = Decode(once.reports);
    EXPECT_EQ(after.totals, before.totals) << "seed " << seed;
    EXPECT_EQ(after.durations, before.durations) << "seed " << seed;
    EXPECT_EQ(after.rejected, before.rejected) << "seed " << seed;
    const Coalesced twice = Coalesce(once.reports, 1);
    EXPECT_EQ(Decode(twice.reports).totals, before.totals) << "seed " << seed;
    added_up += once.added_up;
  }
  EXPECT_GT(added_up, 3'000u) << "otherwise this tests little";
}

std::vector<StoredReport> Stored(const std::vector<v1::UsageReport>& reports) {
  std::vector<StoredReport> stored;
  for (const v1::UsageReport& r : reports) {
    stored.push_back({r.window_start_unix_nanos() + r.window_length_nanos(), BytesOf(r)});
  }
  return stored;
}

v1::UsageReport At(int64_t second, int64_t seconds, const std::string& pool = "p") {
  v1::UsageReport report;
  report.set_source("h");
  report.set_window_start_unix_nanos(kStart + second * kNanosPerSecond);
  report.set_window_length_nanos(seconds * kNanosPerSecond);
  v1::UsageGroup& group = *report.add_groups();
  group.set_chip("h100");
  group.set_state(v1::CHIP_STATE_UNHEALTHY);
  group.set_pool(pool);
  group.mutable_sums()->set_chip_nanos(seconds * kNanosPerSecond);
  return report;
}

size_t Left(const std::vector<v1::UsageReport>& reports) {
  return Coalesce(Stored(reports), 1).reports.size();
}

TEST(Coalesce, LeavesApartWhatIsNotAdjacent) {
  EXPECT_EQ(Left({At(0, 10), At(10, 10), At(20, 10)}), 1u);
  EXPECT_EQ(Left({At(0, 10), At(11, 10)}), 2u) << "a gap was not measured";
  EXPECT_EQ(Left({At(0, 10), At(9, 10)}), 2u) << "an overlap is for the daemon to refuse";
}

TEST(Coalesce, DropsWhatWaitedThen) {
  std::vector<v1::UsageReport> reports = {At(0, 10), At(10, 10)};
  for (v1::UsageReport& report : reports) report.add_demand()->set_scheduler("slurm");
  const Coalesced merged = Coalesce(Stored(reports), 1);
  ASSERT_EQ(merged.reports.size(), 1u);
  v1::UsageReport wire;
  ASSERT_TRUE(wire.ParsePartialFromString(merged.reports[0].bytes));
  EXPECT_EQ(wire.demand_size(), 0);
}

TEST(Coalesce, LeavesApartWhatIsBookedInDifferentHours) {
  EXPECT_EQ(Left({At(3'580, 10), At(3'590, 10), At(3'600, 10), At(3'610, 10)}), 2u);
  EXPECT_EQ(Left({At(3'580, 10), At(3'590, 20), At(3'610, 10)}), 3u) << "it lies in both";
  EXPECT_EQ(Left({At(0, 1'800), At(1'800, 1'800)}), 1u);
}

TEST(Coalesce, LeavesApartWhatTheDaemonMightJudgeDifferently) {
  EXPECT_EQ(Left({At(0, 10), At(10, 10, "q"), At(20, 10, "q")}), 2u);
  v1::UsageReport much = At(10, 10);
  much.set_duration_nanos(11 * kNanosPerSecond);  // as much as it always takes
  EXPECT_EQ(Left({At(0, 10), much}), 1u);
  v1::UsageReport more = much;
  more.set_duration_nanos(11 * kNanosPerSecond + 1);
  EXPECT_EQ(Left({At(0, 10), more}), 2u) << "it might refuse this one";
  EXPECT_EQ(Left({much,
                  [] {
                    v1::UsageReport next = At(20, 10);
                    next.set_duration_nanos(79 * kNanosPerSecond);
                    return next;
                  }()}),
            2u)
      << "together they would be more than it takes";
}

// --- In a spool

class CoalesceSpoolTest : public testing::Test {
 protected:
  std::unique_ptr<Spool> Open() {
    options_.folder = folder_.path();
    return OpenSpool(options_, clock_, disk_);
  }
  static std::vector<StoredReport> TakeAll(Spool& spool) {
    std::vector<v1::UsageReport> all;
    while (true) {
      const auto batch = spool.After(all.size(), 500, 1 << 20);
      if (batch.empty()) return Stored(all);
      for (const v1::UsageReport& report : batch) {
        EXPECT_EQ(report.sequence(), all.size() + 1);
        all.push_back(report);
      }
    }
  }

  TempSpool folder_;
  ManualClock clock_;
  UnsyncedDisk disk_;
  SpoolOptions options_;
};

TEST_F(CoalesceSpoolTest, AFullSpoolTakesDaysAndTotalsAreExact) {
  options_.max_bytes = 64 << 10;
  auto spool = Open();
  std::vector<StoredReport> written;
  for (int64_t i = 0; i < 17'280; ++i) {  // two days
    ASSERT_TRUE(spool->HasRoom()) << i;
    const v1::UsageReport report = At(10 * i, 10, i / 1'000 % 2 == 0 ? "p" : "q");
    ASSERT_TRUE(spool->Append({report}).ok());
    written.push_back(Stored({report})[0]);
    if (i % 2'000 == 1'999) {
      spool.reset();  // and over restarts
      spool = Open();
    }
  }
  EXPECT_LT(spool->stats().bytes, 80u << 10);
  EXPECT_GT(spool->stats().coalesced_reports, 1'000u);
  EXPECT_EQ(spool->stats().lost_reports, 0u);
  EXPECT_EQ(Decode(TakeAll(*spool)), Decode(written));
}

TEST_F(CoalesceSpoolTest, WhatWasHandedOutNeverChanges) {
  options_.max_bytes = 8 << 10;
  options_.segment_bytes = 512;
  auto spool = Open();
  int64_t i = 0;
  for (; i < 10; ++i) ASSERT_TRUE(spool->Append({At(10 * i, 10)}).ok());
  const auto handed_out = spool->After(0, 5, 1 << 20);
  ASSERT_EQ(handed_out.size(), 5u);
  for (; i < 2'000; ++i) {
    ASSERT_TRUE(spool->HasRoom());
    ASSERT_TRUE(spool->Append({At(10 * i, 10)}).ok());
    if (i == 1'000) {
      spool.reset();
      spool = Open();
    }
  }
  EXPECT_LT(spool->size(), 200u);
  const auto again = spool->After(0, 5, 1 << 20);
  ASSERT_EQ(again.size(), 5u);
  for (size_t n = 0; n < 5; ++n) {
    EXPECT_EQ(again[n].SerializeAsString(), handed_out[n].SerializeAsString());
  }
  absl::int128 chip_nanos = 0;
  for (const auto& [key, total] : Decode(TakeAll(*spool)).totals) chip_nanos += total.chip;
  EXPECT_EQ(chip_nanos, absl::int128(20'000) * kNanosPerSecond);
}

TEST_F(CoalesceSpoolTest, WhatWasHandedOutNeverChangesEvenIfTheProcessDiesAtOnce) {
  options_.max_bytes = 8 << 10;
  auto spool = Open();
  int64_t i = 0;
  for (; i < 10; ++i) ASSERT_TRUE(spool->Append({At(10 * i, 10)}).ok());
  const auto handed_out = spool->After(0, 5, 1 << 20);
  // What is on the disk at this moment is all that the next process has.
  TempSpool copy;
  std::filesystem::copy(folder_.path(), copy.path(), std::filesystem::copy_options::recursive);
  options_.folder = copy.path();
  auto next = OpenSpool(options_, clock_, disk_);
  for (; next->stats().coalesced_reports == 0; ++i) {
    ASSERT_TRUE(next->HasRoom());
    ASSERT_TRUE(next->Append({At(10 * i, 10)}).ok());
  }
  const auto again = next->After(0, 5, 1 << 20);
  ASSERT_EQ(again.size(), 5u);
  for (size_t n = 0; n < 5; ++n) {
    EXPECT_EQ(again[n].SerializeAsString(), handed_out[n].SerializeAsString());
  }
}

TEST_F(CoalesceSpoolTest, WhatCannotBeAddedUpStopsTheSampling) {
  options_.max_bytes = 8 << 10;
  auto spool = Open();
  int64_t i = 0;
  for (; spool->HasRoom(); ++i) {
    ASSERT_LT(i, 1'000);
    ASSERT_TRUE(spool->Append({At(20 * i, 10)}).ok());  // with gaps
  }
  EXPECT_EQ(spool->size(), static_cast<size_t>(i));
  EXPECT_EQ(spool->stats().coalesced_reports, 0u);
  EXPECT_TRUE(spool->failure().ok());
}

}  // namespace
}  // namespace fleetmeter::collector
