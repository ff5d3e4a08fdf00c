// The sender with a real spool against a daemon whose books, and a spool whose files, go wrong:
// every window is counted once, whatever happens, or somebody is told.
#include <filesystem>

#include "collectors/core/sender.h"
#include "collectors/spool/spool.h"
#include "gmock/gmock.h"
#include "tests/unit/collectors/core/fake_daemon.h"
#include "tests/unit/collectors/spool/spool_testing.h"

namespace fleetmeter::collector {
namespace {

using testing::HasSubstr;

constexpr auto kSoon = std::chrono::seconds(30);

// A collector's sending half on a folder.
class Collector {
 public:
  Collector(const std::string& folder, const std::string& daemon, bool recover = false)
      : spool_(OpenSpool(Options(folder), clock_, disk_)),
        sender_({.daemon = daemon,
                 .client = "test",
                 .recover_acknowledged = recover,
                 .first_backoff = std::chrono::milliseconds(1),
                 .longest_backoff = std::chrono::milliseconds(20)},
                *spool_) {}

  static SpoolOptions Options(const std::string& folder) {
    SpoolOptions options;
    options.folder = folder;
    options.segment_bytes = 400;
    return options;
  }

  void Append(uint64_t first, uint64_t last) {
    for (uint64_t i = first; i <= last; ++i) EXPECT_TRUE(AppendNumbers(*spool_, i, i).ok());
  }
  void Start() { sender_.Start(); }
  // Until all that waits is acknowledged.
  bool AwaitDelivered() {
    return Await([&] { return spool_->size() == 0; });
  }
  std::string AwaitRefusal() {
    EXPECT_TRUE(Await([&] { return sender_.refusal().has_value(); }));
    return sender_.refusal().value_or("");
  }
  template <class Condition>
  bool Await(const Condition& condition) {
    const auto deadline = std::chrono::steady_clock::now() + kSoon;
    while (!condition()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      // The sender changes the outbox and wakes it, but not for all that tests wait for.
      spool_->WaitForChange(spool_->version(),
                            std::chrono::steady_clock::now() + std::chrono::milliseconds(5));
    }
    return true;
  }

  Spool& spool() { return *spool_; }
  Sender& sender() { return sender_; }

 private:
  ManualClock clock_;
  UnsyncedDisk disk_;
  std::unique_ptr<Spool> spool_;
  Sender sender_;
};

class ProtocolTest : public testing::Test {
 protected:
  // Appends and delivers.
  void Deliver(uint64_t first, uint64_t last, bool recover = false) {
    Collector collector(folder(), daemon_.address(), recover);
    collector.Append(first, last);
    collector.Start();
    EXPECT_TRUE(collector.AwaitDelivered());
    EXPECT_FALSE(collector.sender().refusal()) << *collector.sender().refusal();
  }

  // Windows 1 to `last` and no others, each once.
  void ExpectCounted(uint64_t last) {
    const FakeDaemon::Books books = daemon_.books();
    EXPECT_EQ(books.windows.size(), last);
    for (uint64_t i = 1; i <= last; ++i) {
      const auto found = books.windows.find({"host", NumberedReport(i).window_start_unix_nanos()});
      ASSERT_NE(found, books.windows.end()) << i;
      EXPECT_EQ(found->second, 1);
    }
  }

  std::string folder() const { return parent_.path() + "/spool"; }
  void CopySpool(const std::string& from, const std::string& to) {
    std::filesystem::remove_all(to);
    std::filesystem::copy(from, to, std::filesystem::copy_options::recursive);
  }
  std::string backup() const { return parent_.path() + "/backup"; }

  TempSpool parent_;
  FakeDaemon daemon_;
};

TEST_F(ProtocolTest, GoesOnWhereItWasOverRestarts) {
  for (uint64_t i = 0; i < 5; ++i) Deliver(10 * i + 1, 10 * i + 10);
  ExpectCounted(50);
  EXPECT_EQ(daemon_.books().streams.size(), 1u);
  EXPECT_EQ(daemon_.rejected(), 0u);
}

TEST_F(ProtocolTest, AnAckThatIsLostDoublesNothing) {
  daemon_.LoseNextAck();
  Deliver(1, 20);
  ExpectCounted(20);
  EXPECT_EQ(daemon_.books().streams.size(), 1u);
  EXPECT_GE(daemon_.sessions(), 2u);
}

TEST_F(ProtocolTest, ABusyDaemonIsAskedAgain) {
  daemon_.BeBusy(5);
  Deliver(1, 30);
  ExpectCounted(30);
  EXPECT_EQ(daemon_.rejected(), 0u);
}

TEST_F(ProtocolTest, ASpoolThatWasRolledBackLeavesItsStream) {
  Deliver(1, 10);
  CopySpool(folder(), backup());
  Deliver(11, 20);
  CopySpool(backup(), folder());
  Deliver(21, 40);  // numbers that the stream has had, with other content
  ExpectCounted(40);
  EXPECT_EQ(daemon_.books().streams.size(), 2u);
}

TEST_F(ProtocolTest, ASpoolThatWasRolledBackAndIsBehindLeavesItsStream) {
  Deliver(1, 10);
  CopySpool(folder(), backup());
  Deliver(11, 20);
  CopySpool(backup(), folder());
  Deliver(21, 23);
  ExpectCounted(23);
  EXPECT_EQ(daemon_.books().streams.size(), 2u);
}

TEST_F(ProtocolTest, ARolledBackSpoolsOldReportsAreNotCountedTwice) {
  {
    Collector collector(folder(), daemon_.address());
    collector.Append(1, 10);
  }
  CopySpool(folder(), backup());  // with ten that wait
  Deliver(11, 20);
  CopySpool(backup(), folder());
  Deliver(21, 40);
  ExpectCounted(40);
  EXPECT_EQ(daemon_.rejected(), 10u) << "the overlap gives them away";
}

TEST_F(ProtocolTest, ASpoolThatWasWipedBeginsANewStream) {
  Deliver(1, 10);
  std::filesystem::remove_all(folder());
  Deliver(11, 20);
  ExpectCounted(20);
  EXPECT_EQ(daemon_.books().streams.size(), 2u);
}

TEST_F(ProtocolTest, TheOlderOfTwoProcessesOnAClonedSpoolIsToldSo) {
  Collector one(folder(), daemon_.address());
  one.Append(1, 10);
  one.Start();
  ASSERT_TRUE(one.AwaitDelivered());
  CopySpool(folder(), backup());
  Collector two(backup(), daemon_.address());
  two.Append(11, 15);
  two.Start();
  ASSERT_TRUE(two.AwaitDelivered());
  one.Append(16, 20);
  EXPECT_THAT(one.AwaitRefusal(), HasSubstr("another process uses this stream"));
  EXPECT_EQ(one.spool().size(), 5u) << "kept";
  ExpectCounted(15);
}

TEST_F(ProtocolTest, NewBooksGetANewStream) {
  Deliver(1, 10);
  FakeDaemon::Books books;
  books.ledger_id = "ledger-000000002";
  daemon_.SetBooks(books);
  Deliver(11, 20);
  books = daemon_.books();
  EXPECT_EQ(books.windows.size(), 10u)
      << "the others were acknowledged, and are not of these books";
  EXPECT_EQ(books.streams.size(), 1u);
}

TEST_F(ProtocolTest, BooksInMemoryThatBeginAnewGetANewStream) {
  daemon_.SetDurable(false);
  Deliver(1, 10);
  daemon_.SetBooks({});
  Deliver(11, 20);
  EXPECT_EQ(daemon_.books().windows.size(), 10u);
}

// It is not taken for books that were restored from an older backup.
TEST_F(ProtocolTest, AStreamThatWasRetiredIsLeftForANewOne) {
  Deliver(1, 10);
  FakeDaemon::Books books = daemon_.books();
  for (const auto& [stream, reports] : books.streams) books.retired.insert(stream);
  books.streams.clear();
  daemon_.SetBooks(books);
  Deliver(11, 20);
  ExpectCounted(20);
  EXPECT_EQ(daemon_.books().streams.size(), 1u);
}

TEST_F(ProtocolTest, BooksRestoredFromAnOlderBackupAreAnErrorWithAWayOut) {
  Deliver(1, 10);
  const FakeDaemon::Books older = daemon_.books();
  Deliver(11, 30);
  daemon_.SetBooks(older);
  {
    Collector collector(folder(), daemon_.address());
    collector.Append(31, 35);
    collector.Start();
    EXPECT_THAT(collector.AwaitRefusal(),
                AllOf(HasSubstr("restored from an older backup"), HasSubstr("expects report 11"),
                      HasSubstr("30 were acknowledged"), HasSubstr("--recover-acknowledged")));
  }
  ExpectCounted(10);
  Deliver(36, 40, true);
  ExpectCounted(40);
  EXPECT_EQ(daemon_.rejected(), 0u);
  EXPECT_EQ(daemon_.books().streams.size(), 1u);
}

TEST_F(ProtocolTest, WhatIsNotKeptCannotBeSentAgain) {
  Deliver(1, 10);
  const FakeDaemon::Books older = daemon_.books();
  Deliver(11, 40);
  daemon_.SetBooks(older);
  std::filesystem::remove(folder() + "/" + Segment::NameOf(6));
  Collector collector(folder(), daemon_.address(), true);
  collector.Append(41, 42);
  collector.Start();
  EXPECT_THAT(collector.AwaitRefusal(), HasSubstr("only those from"));
  ExpectCounted(10);
}

TEST_F(ProtocolTest, WithoutPermissionEverythingIsKeptAndAskedForAgain) {
  daemon_.Refuse({grpc::StatusCode::PERMISSION_DENIED, "not for pool serving"});
  Collector collector(folder(), daemon_.address());
  collector.Append(1, 10);
  collector.Start();
  ASSERT_TRUE(collector.Await([&] { return daemon_.refused() >= 3; }));
  EXPECT_FALSE(collector.sender().refusal());
  EXPECT_EQ(collector.spool().size(), 10u);
  daemon_.Refuse(grpc::Status::OK);
  EXPECT_TRUE(collector.AwaitDelivered());
  ExpectCounted(10);
}

TEST_F(ProtocolTest, APreconditionThatFailsIsFinal) {
  daemon_.Refuse({grpc::StatusCode::FAILED_PRECONDITION, "replays are not accepted"});
  Collector collector(folder(), daemon_.address());
  collector.Append(1, 1);
  collector.Start();
  EXPECT_EQ(collector.AwaitRefusal(), "replays are not accepted");
  EXPECT_EQ(collector.spool().size(), 1u);
}

TEST_F(ProtocolTest, AConflictIsSettledAndCounted) {
  daemon_.ConflictOnce();
  Collector collector(folder(), daemon_.address());
  collector.Append(1, 10);
  collector.Start();
  ASSERT_TRUE(collector.AwaitDelivered());
  collector.sender().Stop();
  EXPECT_EQ(collector.sender().stats().conflicts, 1u);
  EXPECT_EQ(collector.sender().stats().acknowledged, 10u);
  EXPECT_EQ(daemon_.books().windows.size(), 9u);
}

TEST_F(ProtocolTest, ADamagedReportCostsThatReportOnly) {
  {
    Collector collector(folder(), daemon_.address());
    collector.Append(1, 20);
  }
  const std::string path = folder() + "/" + Segment::NameOf(2);
  std::string bytes = ReadFile(path);
  bytes[bytes.size() / 2] ^= 4;
  WriteFile(path, bytes);
  Collector collector(folder(), daemon_.address());
  ASSERT_EQ(collector.spool().stats().lost_reports, 1u);
  collector.Start();
  ASSERT_TRUE(collector.AwaitDelivered());
  EXPECT_EQ(daemon_.books().windows.size(), 19u);
  EXPECT_EQ(daemon_.books().streams.size(), 2u);
  EXPECT_EQ(daemon_.rejected(), 0u) << "nothing was sent twice";
}

TEST_F(ProtocolTest, AReportThatNoMessageCanCarryIsRecordedAsRejected) {
  daemon_.SetMaxMessageBytes(1'000);
  Collector collector(folder(), daemon_.address());
  collector.Append(1, 2);
  v1::UsageReport large = NumberedReport(3);
  large.mutable_groups(0)->set_workload(std::string(2'000, 'w'));
  ASSERT_TRUE(collector.spool().Append({large}).ok());
  collector.Append(3, 4);
  collector.Start();
  ASSERT_TRUE(collector.AwaitDelivered());
  collector.sender().Stop();
  EXPECT_EQ(collector.sender().stats().rejected,
            (std::map<std::string, uint64_t>{{"malformed", 1}}));
  ExpectCounted(4);
}

// Closes the spool, so that all that is deferred is offered once more.
bool OfferAtEnd(Collector& collector) {
  collector.spool().Close();
  return collector.Await([&] { return collector.spool().Finished(); });
}

// A new session offers what is deferred once, so that it may be on its way for a moment.
bool AwaitDeferred(Collector& collector, uint64_t reports) {
  return collector.Await([&] {
    return collector.spool().size() == 0 && collector.spool().stats().deferred.reports == reports;
  });
}

TEST_F(ProtocolTest, WhatIsDeferredIsKeptAndCountedOnceWhenItIsMended) {
  daemon_.DeferWindows({NumberedReport(2).window_start_unix_nanos()});
  Collector collector(folder(), daemon_.address());
  collector.Append(1, 9);
  collector.Start();
  ASSERT_TRUE(collector.AwaitDelivered());
  EXPECT_EQ(daemon_.books().windows.size(), 8u) << "the others go on";
  EXPECT_TRUE(AwaitDeferred(collector, 1));
  EXPECT_EQ(collector.sender().rejected(), 0u);
  daemon_.DeferWindows({});
  ASSERT_TRUE(OfferAtEnd(collector));
  ExpectCounted(9);
  EXPECT_EQ(collector.spool().stats().deferred.reports, 0u);
}

TEST_F(ProtocolTest, AnAnswerThatWasLostOnTheWayLosesNothingThatWasDeferred) {
  daemon_.DeferWindows({NumberedReport(2).window_start_unix_nanos()});
  daemon_.LoseNextAck();
  Collector collector(folder(), daemon_.address());
  collector.Append(1, 9);
  collector.Start();
  ASSERT_TRUE(collector.AwaitDelivered());
  EXPECT_GE(daemon_.sessions(), 2u);
  EXPECT_TRUE(AwaitDeferred(collector, 1));
  daemon_.DeferWindows({});
  ASSERT_TRUE(OfferAtEnd(collector));
  ExpectCounted(9);
  EXPECT_EQ(daemon_.rejected(), 0u);
}

TEST_F(ProtocolTest, WhatIsStillDeferredAtTheEndWaitsForTheNextStart) {
  daemon_.DeferWindows({NumberedReport(1).window_start_unix_nanos()});
  {
    Collector collector(folder(), daemon_.address());
    collector.Append(1, 3);
    collector.Start();
    ASSERT_TRUE(OfferAtEnd(collector));
    EXPECT_EQ(collector.spool().stats().deferred.reports, 1u);
  }
  daemon_.DeferWindows({});
  Collector collector(folder(), daemon_.address());
  collector.Start();
  ASSERT_TRUE(OfferAtEnd(collector));
  ExpectCounted(3);
}

}  // namespace
}  // namespace fleetmeter::collector
