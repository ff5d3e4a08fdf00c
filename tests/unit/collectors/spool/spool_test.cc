// The spool as an outbox: what it keeps, over restarts too.
#include "collectors/spool/spool.h"

#include "daemon/base/digest.h"
#include "gmock/gmock.h"
#include "tests/unit/collectors/spool/spool_testing.h"

namespace fleetmeter::collector {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class SpoolTest : public testing::Test {
 protected:
  std::unique_ptr<Spool> Open() {
    options_.folder = folder_.path();
    return OpenSpool(options_, clock_, disk_);
  }

  TempSpool folder_;
  ManualClock clock_;
  Disk disk_;
  SpoolOptions options_;
};

TEST_F(SpoolTest, GivesTheSameBytesUnderTheSameNumbersAfterARestart) {
  auto spool = Open();
  ASSERT_TRUE(AppendNumbers(*spool, 1, 20).ok());
  const std::string stream = spool->position().stream_id;
  const auto before = spool->After(0, 100, 1 << 20);
  spool.reset();
  spool = Open();
  EXPECT_EQ(spool->position().stream_id, stream);
  EXPECT_EQ(stream.size(), 16u);
  const auto after = spool->After(0, 100, 1 << 20);
  ASSERT_EQ(after.size(), 20u);
  for (size_t i = 0; i < after.size(); ++i) {
    EXPECT_EQ(after[i].SerializeAsString(), before[i].SerializeAsString());
    EXPECT_EQ(spool->DigestOf(i + 1), Digest64(BytesOf(NumberedReport(i + 1))));
  }
}

TEST_F(SpoolTest, RemembersWhatWasAcknowledgedAndByWhom) {
  auto spool = Open();
  ASSERT_TRUE(AppendNumbers(*spool, 1, 10).ok());
  ASSERT_TRUE(spool->AdoptLedger("0123456789abcdef"));
  spool->Acknowledge(4);
  spool.reset();
  spool = Open();
  EXPECT_EQ(spool->position().acknowledged_through, 4u);
  EXPECT_EQ(spool->position().ledger_id, "0123456789abcdef");
  EXPECT_EQ(spool->size(), 6u);
  EXPECT_EQ(Waiting(*spool), Numbers(5, 10));
}

TEST_F(SpoolTest, TakesUpToManyReportsAndBytesAtATime) {
  auto spool = Open();
  ASSERT_TRUE(AppendNumbers(*spool, 1, 10).ok());
  EXPECT_EQ(spool->After(0, 3, 1 << 20).size(), 3u);
  EXPECT_EQ(spool->After(0, 10, 1).size(), 1u) << "at least one";
  EXPECT_EQ(spool->After(9, 10, 1 << 20).size(), 1u);
  EXPECT_THAT(spool->After(10, 10, 1 << 20), IsEmpty());
}

TEST_F(SpoolTest, RefusesASecondProcess) {
  const auto spool = Open();
  const auto second = Spool::Open(options_, clock_, disk_);
  EXPECT_EQ(second.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(second.status().message()), HasSubstr("in use by another process"));
}

TEST_F(SpoolTest, KeepsAcknowledgedReportsForTheRecoveryWindow) {
  options_.segment_bytes = 500;
  auto spool = Open();
  for (uint64_t i = 1; i <= 40; ++i) ASSERT_TRUE(AppendNumbers(*spool, i, i).ok());
  spool->Acknowledge(40);
  EXPECT_EQ(spool->position().first_kept, 1u);
  clock_.Pass(3'599 * kNanosPerSecond);
  ASSERT_TRUE(AppendNumbers(*spool, 41, 41).ok());
  spool->Acknowledge(41);
  EXPECT_EQ(spool->position().first_kept, 1u);
  clock_.Pass(2 * kNanosPerSecond);
  ASSERT_TRUE(AppendNumbers(*spool, 42, 42).ok());
  spool->Acknowledge(42);
  EXPECT_GT(spool->position().first_kept, 30u);
  EXPECT_LE(folder_.Segments().size(), 3u);
}

TEST_F(SpoolTest, GoesBackToWhatItKeeps) {
  auto spool = Open();
  ASSERT_TRUE(AppendNumbers(*spool, 1, 10).ok());
  spool->Acknowledge(10);
  EXPECT_THAT(Waiting(*spool), IsEmpty());
  spool->RewindTo(3);
  EXPECT_EQ(spool->position().acknowledged_through, 3u);
  EXPECT_EQ(Waiting(*spool), Numbers(4, 10));
}

TEST_F(SpoolTest, ANewStreamNumbersWhatIsLeftFromOne) {
  auto spool = Open();
  ASSERT_TRUE(AppendNumbers(*spool, 1, 10).ok());
  spool->Acknowledge(6);
  const std::string before = spool->position().stream_id;
  ASSERT_TRUE(spool->BeginStream());
  EXPECT_NE(spool->position().stream_id, before);
  EXPECT_EQ(spool->position().acknowledged_through, 0u);
  EXPECT_EQ(spool->position().last, 4u);
  EXPECT_EQ(Waiting(*spool), Numbers(7, 10));
  const std::string stream = spool->position().stream_id;
  spool.reset();
  spool = Open();
  EXPECT_EQ(spool->position().stream_id, stream);
  EXPECT_EQ(Waiting(*spool), Numbers(7, 10));
}

TEST_F(SpoolTest, ABlankKeepsItsPlaceOverRestarts) {
  auto spool = Open();
  ASSERT_TRUE(AppendNumbers(*spool, 1, 3).ok());
  spool->Blank(2);
  spool.reset();
  spool = Open();
  const auto reports = spool->After(0, 10, 1 << 20);
  ASSERT_EQ(reports.size(), 3u);
  EXPECT_EQ(reports[1].ShortDebugString(), "sequence: 2 source: \"host\"");
  EXPECT_EQ(spool->DigestOf(2), Digest64(BytesOf(reports[1])));
  EXPECT_EQ(NumberOf(reports[2]), 3u);
}

TEST_F(SpoolTest, RefusesAReportThatIsTooLargeAndTakesTheOthers) {
  auto spool = Open();
  v1::UsageReport large = NumberedReport(1);
  large.set_source(std::string(Outbox::kMaxReportBytes, 'x'));
  EXPECT_EQ(spool->Append({large, NumberedReport(2)}).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Waiting(*spool), Numbers(2, 2));
}

TEST_F(SpoolTest, KnowsWhereTheWindowsOfTheLastRunEnded) {
  options_.segment_bytes = 500;
  auto spool = Open();
  EXPECT_EQ(spool->EarlierWindowEnd(), 0);
  for (uint64_t i = 1; i <= 20; ++i) ASSERT_TRUE(AppendNumbers(*spool, i, i).ok());
  spool.reset();
  EXPECT_EQ(Open()->EarlierWindowEnd(), (1'700'000'000 + 10 * 21) * kNanosPerSecond);
}

TEST_F(SpoolTest, KnowsItEvenWhenAllSegmentsAreGone) {
  options_.segment_bytes = 1;
  options_.keep_acknowledged_nanos = 0;
  auto spool = Open();
  for (uint64_t i = 1; i <= 3; ++i) ASSERT_TRUE(AppendNumbers(*spool, i, i).ok());
  spool->Acknowledge(3);
  clock_.Pass(10);
  ASSERT_TRUE(AppendNumbers(*spool, 4, 4).ok());
  spool->Acknowledge(4);
  EXPECT_GT(spool->position().first_kept, 1u);
  spool.reset();
  EXPECT_EQ(Open()->EarlierWindowEnd(), (1'700'000'000 + 10 * 5) * kNanosPerSecond);
}

TEST_F(SpoolTest, AReplayOfAnotherSpeedWaitsForThoseThatAreLeft) {
  auto spool = Open();
  ASSERT_TRUE(AppendNumbers(*spool, 1, 2).ok());
  const std::string stream = spool->position().stream_id;
  spool.reset();
  options_.speed = 60;
  const auto refused = Spool::Open(options_, clock_, disk_);
  EXPECT_THAT(std::string(refused.status().message()),
              HasSubstr("holds 2 reports of a source at speed 1"));
  options_.speed = 1;
  spool = Open();
  spool->Acknowledge(2);
  spool.reset();
  options_.speed = 60;
  EXPECT_NE(Open()->position().stream_id, stream);
}

TEST_F(SpoolTest, IsFullAtItsLimitAndDropsWhatIsAcknowledgedFirst) {
  options_.max_bytes = 4'000;
  auto spool = Open();
  uint64_t i = 0;
  while (spool->HasRoom()) {
    ++i;
    ASSERT_TRUE(AppendNumbers(*spool, i, i).ok());
    spool->After(0, 1'000, 1 << 20);  // handed out: it cannot be added up
    ASSERT_LT(i, 1'000u);
  }
  EXPECT_GT(i, 20u);
  EXPECT_GE(spool->stats().bytes, 4'000u);
  spool->Acknowledge(i / 2);
  EXPECT_TRUE(spool->HasRoom());
  EXPECT_EQ(Waiting(*spool), Numbers(i / 2 + 1, i));
}

TEST_F(SpoolTest, FinishesWhenClosedAndAcknowledged) {
  auto spool = Open();
  ASSERT_TRUE(AppendNumbers(*spool, 1, 1).ok());
  spool->Close();
  EXPECT_FALSE(spool->Finished());
  spool->Acknowledge(1);
  EXPECT_TRUE(spool->Finished());
}

// --- Faults of the disk

// Fails the n-th write or sync from now on.
class BadDisk final : public Disk {
 public:
  absl::Status Write(const FileHandle& file, const std::string& path, uint64_t offset,
                     std::string_view bytes) override {
    if (full) {
      // As a full disk does it: a part of it goes.
      EXPECT_TRUE(Disk::Write(file, path, offset, bytes.substr(0, bytes.size() / 2)).ok());
      return absl::ResourceExhaustedError("write: no space left");
    }
    return Disk::Write(file, path, offset, bytes);
  }
  absl::Status Sync(const FileHandle& file, const std::string& path) override {
    if (sync_fails) return absl::DataLossError("fsync: input/output error");
    return Disk::Sync(file, path);
  }
  bool full = false;
  bool sync_fails = false;
};

TEST_F(SpoolTest, WhenTheDiskIsFullWhatWasMeasuredWaitsInMemory) {
  BadDisk disk;
  options_.folder = folder_.path();
  auto spool = OpenSpool(options_, clock_, disk);
  ASSERT_TRUE(AppendNumbers(*spool, 1, 3).ok());
  EXPECT_EQ(Waiting(*spool), Numbers(1, 3));
  disk.full = true;
  EXPECT_EQ(AppendNumbers(*spool, 4, 5).code(), absl::StatusCode::kResourceExhausted);
  EXPECT_FALSE(spool->HasRoom());
  EXPECT_EQ(spool->stats().unwritten_reports, 2u);
  EXPECT_EQ(Waiting(*spool), Numbers(1, 3)) << "what is there still goes out";
  spool->Close();
  spool->Acknowledge(3);
  EXPECT_FALSE(spool->Finished());
  disk.full = false;
  EXPECT_TRUE(spool->HasRoom());
  EXPECT_EQ(spool->stats().unwritten_reports, 0u);
  EXPECT_EQ(Waiting(*spool), Numbers(4, 5));
  EXPECT_TRUE(spool->failure().ok());
  spool.reset();
  EXPECT_EQ(Waiting(*Open()), Numbers(4, 5));
}

TEST_F(SpoolTest, AfterAFailedSyncNothingIsTrusted) {
  BadDisk disk;
  options_.folder = folder_.path();
  auto spool = OpenSpool(options_, clock_, disk);
  ASSERT_TRUE(AppendNumbers(*spool, 1, 3).ok());
  disk.sync_fails = true;
  EXPECT_EQ(AppendNumbers(*spool, 4, 5).code(), absl::StatusCode::kDataLoss);
  disk.sync_fails = false;
  EXPECT_EQ(spool->failure().code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(spool->After(0, 10, 1 << 20), IsEmpty());
  EXPECT_FALSE(spool->HasRoom());
  EXPECT_FALSE(AppendNumbers(*spool, 6, 6).ok());
  spool.reset();
  spool = Open();
  const auto numbers = Waiting(*spool);
  ASSERT_GE(numbers.size(), 3u);
  EXPECT_EQ(numbers, Numbers(1, numbers.size())) << "what was synced is there, in order";
}

}  // namespace
}  // namespace fleetmeter::collector
