// Files that a crash cut off, that a disk changed, or that are gone.
#include "collectors/spool/spool.h"
#include "gmock/gmock.h"
#include "tests/unit/collectors/spool/spool_testing.h"

namespace fleetmeter::collector {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

class DamageTest : public testing::Test {
 protected:
  DamageTest() { options_.folder = folder_.path(); }

  std::unique_ptr<Spool> Open() { return OpenSpool(options_, clock_, disk_); }

  // Ten reports in one segment, four of them acknowledged.
  void WriteTen() {
    auto spool = Open();
    ASSERT_TRUE(AppendNumbers(*spool, 1, 10).ok());
    EXPECT_EQ(Waiting(*spool), Numbers(1, 10));
    spool->Acknowledge(4);
  }

  // All that a sender would send, over new streams where damage makes them necessary.
  std::vector<uint64_t> SendAll(Spool& spool) {
    std::vector<uint64_t> sent;
    while (true) {
      const std::vector<uint64_t> some = Waiting(spool);
      sent.insert(sent.end(), some.begin(), some.end());
      spool.Acknowledge(spool.position().acknowledged_through + some.size());
      if (!spool.NeedsNewStream()) return sent;
      EXPECT_TRUE(spool.BeginStream());
    }
  }

  TempSpool folder_;
  ManualClock clock_;
  UnsyncedDisk disk_;
  SpoolOptions options_;
};

TEST_F(DamageTest, AnAppendThatWasCutOffAnywhereIsAsIfItHadNotBeen) {
  WriteTen();
  const std::string path = folder_.Segments().at(0);
  const size_t before = ReadFile(path).size();
  ASSERT_TRUE(AppendNumbers(*Open(), 11, 11).ok());
  const std::string whole = ReadFile(path);
  const std::string manifest = ReadFile(folder_.path() + "/manifest");
  ASSERT_GT(whole.size(), before + 30);
  for (size_t size = before; size < whole.size(); ++size) {
    WriteFile(path, whole.substr(0, size));
    WriteFile(folder_.path() + "/manifest", manifest);
    WriteFile(folder_.path() + "/progress", EncodeProgress({1, 10}));
    auto spool = Open();
    EXPECT_EQ(Waiting(*spool), Numbers(5, 10)) << size;
    EXPECT_EQ(spool->stats().damaged_segments, 0u) << size;
    ASSERT_TRUE(AppendNumbers(*spool, 12, 12).ok());
    spool.reset();
    auto expected = Numbers(5, 10);
    expected.push_back(12);
    EXPECT_EQ(Waiting(*Open()), expected) << size;
  }
}

TEST_F(DamageTest, ASegmentThatWasCutOffLaterIsALossThatIsSaid) {
  WriteTen();
  const std::string path = folder_.Segments().at(0);
  const std::string whole = ReadFile(path);
  const std::string manifest = ReadFile(folder_.path() + "/manifest");
  const std::string progress = ReadFile(folder_.path() + "/progress");
  EXPECT_EQ(ParseProgress(progress), (Progress{1, 10}));
  const size_t record = (whole.size() - kSegmentHeaderBytes) / 10;
  // At the end of a record, within one, and within the header.
  for (const size_t size : {whole.size() - record, whole.size() - record - 5, whole.size() - 1,
                            kSegmentHeaderBytes, kSegmentHeaderBytes - 3, size_t{0}}) {
    WriteFile(path, whole.substr(0, size));
    WriteFile(folder_.path() + "/manifest", manifest);
    WriteFile(folder_.path() + "/progress", progress);
    auto spool = Open();
    const size_t left = size < kSegmentHeaderBytes ? 0 : (size - kSegmentHeaderBytes) / record;
    EXPECT_EQ(spool->stats().damaged_segments, 1u) << size;
    EXPECT_EQ(spool->stats().lost_reports, 10 - left) << size;
    EXPECT_EQ(spool->position().last, 10u) << "no position is given to another report";
    EXPECT_EQ(SendAll(*spool), left < 4 ? Numbers(1, 0) : Numbers(5, left)) << size;
    ASSERT_TRUE(AppendNumbers(*spool, 11, 11).ok());
    EXPECT_EQ(Waiting(*spool), Numbers(11, 11)) << size;
    std::filesystem::remove(folder_.Segments().back());
    std::filesystem::remove_all(folder_.path() + "/quarantine");
  }
}

TEST_F(DamageTest, AMissingOpenSegmentSaysHowManyReportsItHeld) {
  WriteTen();
  std::filesystem::remove(folder_.Segments().at(0));
  auto spool = Open();
  EXPECT_EQ(spool->stats().damaged_segments, 1u);
  EXPECT_EQ(spool->stats().lost_reports, 10u);
  EXPECT_EQ(spool->position().last, 10u);
  EXPECT_THAT(SendAll(*spool), IsEmpty());
  ASSERT_TRUE(AppendNumbers(*spool, 11, 12).ok());
  EXPECT_EQ(Waiting(*spool), Numbers(11, 12));
}

TEST_F(DamageTest, WithoutItsCountAMissingOpenSegmentIsStillDamage) {
  WriteTen();
  std::filesystem::remove(folder_.Segments().at(0));
  std::string progress = ReadFile(folder_.path() + "/progress");
  progress[progress.size() - 3] ^= 1;
  EXPECT_EQ(ParseProgress(progress), std::nullopt);
  WriteFile(folder_.path() + "/progress", progress);
  auto spool = Open();
  EXPECT_EQ(spool->stats().damaged_segments, 1u);
  ASSERT_TRUE(AppendNumbers(*spool, 11, 11).ok());
  EXPECT_EQ(SendAll(*spool), Numbers(11, 11));
}

TEST_F(DamageTest, ATailOfZerosIsAnAppendThatWasCutOff) {
  WriteTen();
  const std::string path = folder_.Segments().at(0);
  WriteFile(path, ReadFile(path) + std::string(4'096, '\0'));
  auto spool = Open();
  EXPECT_EQ(Waiting(*spool), Numbers(5, 10));
  EXPECT_EQ(spool->stats().damaged_segments, 0u);
}

TEST_F(DamageTest, AFlippedBitAnywhereNeverMakesAnotherReport) {
  WriteTen();
  const std::string path = folder_.Segments().at(0);
  const std::string whole = ReadFile(path);
  const std::string manifest = ReadFile(folder_.path() + "/manifest");
  for (size_t at = 0; at < whole.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string flipped = whole;
      flipped[at] = static_cast<char>(flipped[at] ^ (1 << bit));
      WriteFile(path, flipped);
      WriteFile(folder_.path() + "/manifest", manifest);
      std::filesystem::remove_all(folder_.path() + "/quarantine");
      auto spool = Open();
      // NumberOf compares each with what was written, byte for byte.
      const std::vector<uint64_t> sent = SendAll(*spool);
      // All that is intact, in order: one report is lost at most, and if so it is said.
      ASSERT_GE(sent.size(), 5u) << at << " " << bit;
      size_t lost = 0;
      for (size_t i = 0; i < sent.size(); ++i) {
        if (sent[i] != 5 + i + lost) ++lost;
        ASSERT_EQ(sent[i], 5 + i + lost) << at << " " << bit;
      }
      lost = 6 - sent.size();
      const OutboxStats stats = spool->stats();
      const bool tail = at + 200 > whole.size();  // may look like an append that was cut off
      if (lost > 0 && !tail) {
        EXPECT_EQ(stats.damaged_segments, 1u) << at << " " << bit;
      }
      EXPECT_LE(stats.damaged_segments, 1u);
    }
  }
}

TEST_F(DamageTest, WhatFollowsADamagedReportGoesToANewStream) {
  WriteTen();
  const std::string path = folder_.Segments().at(0);
  std::string bytes = ReadFile(path);
  const std::string seventh = BytesOf(NumberedReport(7));
  bytes[bytes.find(seventh) + 3] ^= 1;
  WriteFile(path, bytes);
  auto spool = Open();
  const std::string stream = spool->position().stream_id;
  EXPECT_EQ(Waiting(*spool), Numbers(5, 6)) << "the stream cannot go on without the seventh";
  EXPECT_FALSE(spool->NeedsNewStream()) << "what is before it is sent first";
  spool->Acknowledge(6);
  EXPECT_TRUE(spool->NeedsNewStream());
  ASSERT_TRUE(spool->BeginStream());
  EXPECT_NE(spool->position().stream_id, stream);
  EXPECT_EQ(Waiting(*spool), Numbers(8, 10));
  EXPECT_EQ(spool->stats().damaged_segments, 1u);
  EXPECT_EQ(spool->stats().lost_reports, 1u);
}

TEST_F(DamageTest, ADamagedReportThatTheDaemonHasIsNoLoss) {
  WriteTen();
  const std::string path = folder_.Segments().at(0);
  std::string bytes = ReadFile(path);
  bytes[bytes.find(BytesOf(NumberedReport(7))) + 3] ^= 1;
  WriteFile(path, bytes);
  auto spool = Open();
  const std::string stream = spool->position().stream_id;
  spool->Acknowledge(8);  // as a welcome does
  EXPECT_FALSE(spool->NeedsNewStream());
  EXPECT_EQ(spool->position().stream_id, stream);
  EXPECT_EQ(Waiting(*spool), Numbers(9, 10));
  EXPECT_EQ(spool->position().first_kept, 8u) << "nobody can go back beyond it";
}

TEST_F(DamageTest, ADamagedSegmentIsKeptAsideWhenItIsDoneWith) {
  options_.keep_acknowledged_nanos = 0;
  WriteTen();
  const std::string path = folder_.Segments().at(0);
  std::string bytes = ReadFile(path);
  bytes[bytes.find(BytesOf(NumberedReport(2))) + 3] ^= 1;
  WriteFile(path, bytes);
  auto spool = Open();
  spool->Acknowledge(10);
  clock_.Pass(1);
  ASSERT_TRUE(AppendNumbers(*spool, 11, 11).ok());
  spool->Acknowledge(11);
  EXPECT_FALSE(std::filesystem::exists(path));
  EXPECT_EQ(ReadFile(folder_.path() + "/quarantine/" + Segment::NameOf(1)), bytes);
}

TEST_F(DamageTest, AMissingSegmentIsALossThatIsSaid) {
  options_.segment_bytes = 300;
  {
    auto spool = Open();
    for (uint64_t i = 1; i <= 30; ++i) ASSERT_TRUE(AppendNumbers(*spool, i, i).ok());
  }
  ASSERT_GE(folder_.Segments().size(), 4u);
  std::filesystem::remove(folder_.Segments().at(1));
  auto spool = Open();
  EXPECT_EQ(spool->stats().damaged_segments, 1u);
  const uint64_t lost = spool->stats().lost_reports;
  EXPECT_GE(lost, 1u);
  EXPECT_EQ(SendAll(*spool).size(), 30 - lost);
}

TEST_F(DamageTest, WithoutItsManifestEverythingGoesToANewStream) {
  options_.segment_bytes = 300;
  std::string stream;
  {
    auto spool = Open();
    stream = spool->position().stream_id;
    for (uint64_t i = 1; i <= 30; ++i) ASSERT_TRUE(AppendNumbers(*spool, i, i).ok());
    spool->Acknowledge(3);
  }
  const std::string manifest = folder_.path() + "/manifest";
  const std::string text = ReadFile(manifest);
  for (size_t at = 0; at <= text.size(); at += 7) {
    WriteFile(manifest, at == text.size() ? "" : text.substr(0, at) + "!" + text.substr(at + 1));
    auto spool = Open();
    EXPECT_NE(spool->position().stream_id, stream);
    EXPECT_EQ(Waiting(*spool), Numbers(1, 30));
    EXPECT_EQ(spool->stats().damaged_segments, 1u);
  }
  std::filesystem::remove(manifest);
  EXPECT_EQ(Waiting(*Open()), Numbers(1, 30));
}

TEST_F(DamageTest, AFileOfAnotherSpoolIsRefused) {
  WriteTen();
  TempSpool other;
  {
    SpoolOptions options;
    options.folder = other.path();
    ASSERT_TRUE(AppendNumbers(*OpenSpool(options, clock_, disk_), 1, 2).ok());
  }
  WriteFile(folder_.Segments().at(0), ReadFile(other.Segments().at(0)));
  const auto spool = Spool::Open(options_, clock_, disk_);
  EXPECT_EQ(spool.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(spool.status().message()), HasSubstr("belongs to another spool"));
}

}  // namespace
}  // namespace fleetmeter::collector
