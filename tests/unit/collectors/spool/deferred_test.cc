// Deferred reports of a spool: kept apart, offered again, and there after a crash at any step.
#include <filesystem>
#include <map>
#include <set>

#include "collectors/spool/deferred_disk.h"
#include "gmock/gmock.h"
#include "tests/unit/collectors/spool/spool_testing.h"

namespace fleetmeter::collector {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// The process ends at a certain access to the disk that writes: nothing reaches it from there on.
class EndingDisk final : public Disk {
 public:
  explicit EndingDisk(int after) : left_(after) {}

  absl::Status Write(const FileHandle& file, const std::string& path, uint64_t offset,
                     std::string_view bytes) override {
    if (left_-- > 0) return Disk::Write(file, path, offset, bytes);
    // Half of it gets there.
    if (left_ == -1) {
      Disk::Write(file, path, offset, bytes.substr(0, bytes.size() / 2)).IgnoreError();
    }
    return absl::DataLossError("the process has ended");
  }
  absl::Status Sync(const FileHandle&, const std::string&) override {
    return left_-- > 0 ? absl::OkStatus() : absl::DataLossError("the process has ended");
  }
  bool ended() const { return left_ < 0; }

 private:
  int left_;
};

Deferral UnknownPool(uint64_t sequence) {
  return {sequence, "unknown_pool", "pool 'x'", "'x' is not a pool"};
}

SpoolOptions OptionsIn(const std::string& folder) {
  SpoolOptions options;
  options.folder = folder;
  options.segment_bytes = 700;
  return options;
}

TEST(SpoolDeferred, AReportIsKeptApartAndTheOthersGoOn) {
  TempSpool folder;
  ManualClock clock;
  UnsyncedDisk disk;
  auto spool = OpenSpool(OptionsIn(folder.path()), clock, disk);
  ASSERT_TRUE(AppendNumbers(*spool, 1, 3).ok());
  spool->After(0, 10, 1 << 20);
  ASSERT_TRUE(spool->Defer({UnknownPool(2)}));
  spool->Acknowledge(3);
  EXPECT_EQ(spool->size(), 0u);
  EXPECT_EQ(spool->stats().deferred.reports, 1u);
  EXPECT_EQ(spool->OldestDeferredStart(), NumberedReport(2).window_start_unix_nanos());
  clock.Pass(kMinute);
  spool->OfferDeferred(true, false);
  EXPECT_THAT(Waiting(*spool), ElementsAre(2));
  EXPECT_EQ(spool->stats().deferred.reports, 0u);
  spool->Acknowledge(4);
  EXPECT_EQ(spool->OldestDeferredStart(), 0);
}

TEST(SpoolDeferred, ADaemonThatCannotDeferIsOfferedNothing) {
  TempSpool folder;
  ManualClock clock;
  UnsyncedDisk disk;
  auto spool = OpenSpool(OptionsIn(folder.path()), clock, disk);
  ASSERT_TRUE(AppendNumbers(*spool, 1, 1).ok());
  ASSERT_TRUE(spool->Defer({UnknownPool(1)}));
  spool->Acknowledge(1);
  clock.Pass(kMinute);
  spool->OfferDeferred(false, true);
  EXPECT_THAT(Waiting(*spool), IsEmpty());
  spool->Close();
  EXPECT_FALSE(spool->Finished());
  spool->OfferDeferred(false, false);
  EXPECT_TRUE(spool->Finished()) << "it waits for the next start";
}

TEST(SpoolDeferred, AtTheEndEverythingIsOfferedOnceMore) {
  TempSpool folder;
  ManualClock clock;
  UnsyncedDisk disk;
  auto spool = OpenSpool(OptionsIn(folder.path()), clock, disk);
  ASSERT_TRUE(AppendNumbers(*spool, 1, 1).ok());
  ASSERT_TRUE(spool->Defer({UnknownPool(1)}));
  spool->Acknowledge(1);
  spool->Close();
  EXPECT_FALSE(spool->Finished());
  spool->OfferDeferred(true, false);
  EXPECT_THAT(Waiting(*spool), ElementsAre(1));
  ASSERT_TRUE(spool->Defer({UnknownPool(2)}));
  spool->Acknowledge(2);
  spool->OfferDeferred(true, false);
  EXPECT_TRUE(spool->Finished());
  EXPECT_EQ(spool->stats().deferred.reports, 1u);
}

TEST(SpoolDeferred, ANewStartKnowsWhatWaitsAndForHowLong) {
  TempSpool folder;
  ManualClock clock;
  UnsyncedDisk disk;
  SpoolOptions options = OptionsIn(folder.path());
  options.deferral.max_wait_nanos = 10 * kHour;
  {
    auto spool = OpenSpool(options, clock, disk);
    ASSERT_TRUE(AppendNumbers(*spool, 1, 2).ok());
    ASSERT_TRUE(spool->Defer({UnknownPool(1)}));
    spool->Acknowledge(2);
    clock.Pass(9 * kHour);
    spool->OfferDeferred(true, false);  // remembers the hours
    ASSERT_THAT(Waiting(*spool), ElementsAre(1));
    ASSERT_TRUE(spool->Defer({UnknownPool(3)}));
    spool->Acknowledge(3);
  }
  clock.unix_nanos += 1'000 * kDay;  // which says nothing
  auto spool = OpenSpool(options, clock, disk);
  const DeferredStats stats = spool->stats().deferred;
  ASSERT_EQ(stats.groups.size(), 1u);
  EXPECT_EQ(stats.groups[0].reason, "unknown_pool");
  EXPECT_EQ(stats.groups[0].subject, "pool 'x'");
  EXPECT_EQ(stats.groups[0].detail, "'x' is not a pool");
  EXPECT_EQ(stats.oldest_wait_nanos, 9 * kHour);
  clock.Pass(kHour + kMinute);
  spool->OfferDeferred(true, false);
  EXPECT_EQ(spool->stats().deferred.lost.at("unknown_pool"), 1u);
}

TEST(SpoolDeferred, ADamagedFileLosesItsReportsAndNoOthers) {
  TempSpool folder;
  ManualClock clock;
  UnsyncedDisk disk;
  {
    auto spool = OpenSpool(OptionsIn(folder.path()), clock, disk);
    ASSERT_TRUE(AppendNumbers(*spool, 1, 3).ok());
    ASSERT_TRUE(spool->Defer({UnknownPool(1)}));
    ASSERT_TRUE(spool->Defer({UnknownPool(2)}));
    ASSERT_TRUE(spool->Defer({UnknownPool(3)}));
    spool->Acknowledge(3);
  }
  const std::string path = folder.path() + "/deferred/" + Segment::NameOf(1);
  std::string bytes = ReadFile(path);
  bytes[kSegmentHeaderBytes + kRecordHeaderBytes + 3] ^= 1;  // the head of the first
  WriteFile(path, bytes);
  auto spool = OpenSpool(OptionsIn(folder.path()), clock, disk);
  EXPECT_EQ(spool->stats().damaged_segments, 1u);
  EXPECT_EQ(spool->stats().deferred.reports, 2u);
}

// The daemon, as far as it decides: report 3 is deferred until it is mended, and no window is
// counted twice.
struct DecidedBooks {
  std::map<uint64_t, int> counted;
  std::set<uint64_t> settled;  // sequences
  int rejected = 0;
};

// One answer for all that waits: what is deferred is told first, as the sender does.
void Answer(Spool& spool, DecidedBooks& books, bool mended) {
  const uint64_t from = spool.position().acknowledged_through;
  const auto batch = spool.After(from, 100, 1 << 20);
  if (batch.empty()) return;
  std::vector<Deferral> deferrals;
  for (const v1::UsageReport& report : batch) {
    const uint64_t number = NumberOf(report);
    const bool again = !books.settled.insert(report.sequence()).second;
    if (books.counted.contains(number)) {
      if (!again) ++books.rejected;  // an overlap
    } else if (number == 3 && !mended) {
      deferrals.push_back(UnknownPool(report.sequence()));
    } else {
      ++books.counted[number];
    }
  }
  if (!spool.Defer(deferrals)) return;
  spool.Acknowledge(batch.back().sequence());
}

// Everything that a collector does with a report that is deferred, up to where the process ends.
void Live(const SpoolOptions& options, ManualClock& clock, Disk& disk, DecidedBooks& books,
          bool mended) {
  auto spool = Spool::Open(options, clock, disk);
  if (!spool.ok()) return;
  // What was being written when the process ended was never promised.
  const int64_t end = (*spool)->EarlierWindowEnd() / kNanosPerSecond;
  const uint64_t last = end == 0 ? 0 : static_cast<uint64_t>(end - 1'700'000'010) / 10;
  if (last < 5 && !AppendNumbers(**spool, last + 1, 5).ok()) return;
  for (int i = 0; i < 4 && (*spool)->failure().ok(); ++i) {
    Answer(**spool, books, mended);
    clock.Pass(10 * kMinute);
    (*spool)->OfferDeferred(true, false);
  }
}

TEST(SpoolDeferred, AProcessThatEndsAtAnyStepHasEachReportCountedOnce) {
  bool ended = true;
  for (int steps = 0; ended; ++steps) {
    ended = false;
    for (const bool mended : {false, true}) {
      TempSpool folder;
      ManualClock clock;
      const SpoolOptions options = OptionsIn(folder.path());
      DecidedBooks books;
      UnsyncedDisk good;
      if (mended) Live(options, clock, good, books, false);
      EndingDisk disk(steps);
      Live(options, clock, disk, books, mended);
      ended = ended || disk.ended();
      Live(options, clock, good, books, false);
      Live(options, clock, good, books, true);
      EXPECT_EQ(books.counted.size(), 5u) << "after " << steps << " steps";
      for (const auto& [number, times] : books.counted) EXPECT_EQ(times, 1) << number;
      EXPECT_EQ(books.rejected, 0) << "after " << steps << " steps";
      auto spool = OpenSpool(options, clock, good);
      EXPECT_EQ(spool->stats().deferred.reports, 0u) << "after " << steps << " steps";
      EXPECT_EQ(spool->stats().damaged_segments, 0u);
    }
    ASSERT_LT(steps, 10'000);
  }
}

TEST(DeferredDiskTest, TheLogIsWrittenAnewWhenMostOfItIsOfNoUse) {
  TempFolder folder;
  UnsyncedDisk disk;
  const std::string path = folder.path() + "/deferred";
  const std::string large(1 << 20, 'x');
  {
    auto opened = DeferredDisk::Open(disk, path);
    ASSERT_TRUE(opened.ok());
    DeferredStore& store = *opened->store;
    for (uint64_t id = 1; id <= 40; ++id) {
      const DeferredRecord record{
          .id = id, .reason = "r", .subject = "s", .detail = "d", .bytes = large};
      ASSERT_TRUE(store.Keep({record}, static_cast<int64_t>(id)).ok());
      if (id > 1) {
        ASSERT_TRUE(store.Drop({id}, static_cast<int64_t>(id)).ok());
      }
    }
    EXPECT_LE(store.bytes(), uint64_t{16} << 20);
    auto kept = store.Read(1);
    ASSERT_TRUE(kept.ok());
    EXPECT_EQ(*kept, large);
  }
  auto opened = DeferredDisk::Open(disk, path);
  ASSERT_TRUE(opened.ok());
  ASSERT_EQ(opened->records.size(), 1u);
  EXPECT_EQ(opened->records.at(1).bytes, large);
  EXPECT_EQ(opened->in_use_nanos, 40);
}

}  // namespace
}  // namespace fleetmeter::collector
