#include "daemon/ledger/read/read_rejections.h"

#include "daemon/ledger/sqlite/ledger_file.h"
#include "gmock/gmock.h"
#include "tests/unit/ledger/ledger_fixture.h"

namespace fleetmeter {
namespace {

using testing::ElementsAre;
using testing::Pair;

class ReadRejectionsTest : public testing::Test {
 protected:
  // One after the other, each a second later than the one before.
  void Reject(const std::string& source, RejectReason reason) {
    LedgerTransaction transaction;
    const uint64_t sequence = ++sequence_;
    transaction.now_unix_nanos = kLedgerStart + static_cast<int64_t>(sequence) * kNanosPerSecond;
    const StreamKey stream{"local", std::string(16, 'x')};
    transaction.rejected.push_back(
        {stream, sequence, source, {reason, "groups[0].pool", "it is none"}});
    transaction.streams.push_back(
        {.stream = stream, .sequence = sequence, .epoch = 1, .digests = {}});
    const absl::Status status = ledger_->Commit(transaction);
    ASSERT_TRUE(status.ok()) << status;
  }
  KeptRejections Read(const RejectionQuestion& question) {
    auto database = OpenLedgerToRead(path_);
    if (!database.ok()) throw std::runtime_error(database.status().ToString());
    auto kept = ReadRejections(**database, question);
    if (!kept.ok()) throw std::runtime_error(kept.status().ToString());
    return *std::move(kept);
  }
  std::vector<std::string> Sources(const RejectionQuestion& question) {
    std::vector<std::string> sources;
    for (const KeptRejection& each : Read(question).rejections) sources.push_back(each.source);
    return sources;
  }

  const TempFolder folder_;
  const std::string path_ = folder_.PathOf("ledger.db");
  std::unique_ptr<SqliteLedger> ledger_ = OpenLedger(LedgerOptions(path_));
  uint64_t sequence_ = 0;
};

TEST_F(ReadRejectionsTest, GivesTheLatestFirstAndCountsAll) {
  Reject("a", RejectReason::kMalformed);
  Reject("b", RejectReason::kUnknownTeam);
  Reject("a", RejectReason::kUnknownTeam);
  EXPECT_THAT(Sources({}), ElementsAre("a", "b", "a"));
  EXPECT_THAT(Sources({.source = "a"}), ElementsAre("a", "a"));
  EXPECT_THAT(Sources({.reason = "unknown_team"}), ElementsAre("a", "b"));
  EXPECT_THAT(Sources({.source = "a", .reason = "malformed"}), ElementsAre("a"));
  EXPECT_THAT(Sources({.most = 1}), ElementsAre("a"));
  EXPECT_THAT(Sources({.source = "nobody"}), ElementsAre());
  const KeptRejections kept = Read({.source = "b"});
  EXPECT_THAT(kept.by_reason, ElementsAre(Pair("malformed", 1), Pair("unknown_team", 2)));
  ASSERT_EQ(kept.rejections.size(), 1u);
  EXPECT_EQ(kept.rejections[0].identity, "local");
  EXPECT_EQ(kept.rejections[0].reason, "unknown_team");
  EXPECT_EQ(kept.rejections[0].field, "groups[0].pool");
  EXPECT_EQ(kept.rejections[0].detail, "it is none");
  EXPECT_EQ(kept.rejections[0].rejected_unix_nanos, kLedgerStart + 2 * kNanosPerSecond);
}

}  // namespace
}  // namespace fleetmeter
