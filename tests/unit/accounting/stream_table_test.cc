#include "daemon/accounting/stream_table.h"

#include <gtest/gtest.h>

namespace fleetmeter {
namespace {

const StreamKey kStream{"me", "stream"};

uint64_t DigestFor(uint64_t sequence) { return sequence * 31; }

void StageThrough(StreamTable& table, uint64_t first, uint64_t last) {
  for (uint64_t s = first; s <= last; ++s) table.Stage(kStream, s, DigestFor(s));
}

TEST(StreamTable, TellsADuplicateFromAConflict) {
  StreamTable table;
  StageThrough(table, 1, 20);
  table.Commit();
  EXPECT_EQ(table.Check(kStream, 20, DigestFor(20)), SequenceCheck::kDuplicate);
  EXPECT_EQ(table.Check(kStream, 20, 1), SequenceCheck::kConflict);
  EXPECT_EQ(table.Check(kStream, 13, 1), SequenceCheck::kConflict);
  EXPECT_EQ(table.Check(kStream, 13, DigestFor(13)), SequenceCheck::kDuplicate);
  EXPECT_EQ(table.Check(kStream, 12, 1), SequenceCheck::kDuplicate) << "not remembered any more";
  EXPECT_EQ(table.Check(kStream, 21, 1), SequenceCheck::kNext);
  EXPECT_EQ(table.Check(kStream, 0, 1), SequenceCheck::kGap);
}

TEST(StreamTable, ARolledBackTransactionLeavesNoDigestBehind) {
  StreamTable table;
  StageThrough(table, 1, 4);
  table.Commit();
  StageThrough(table, 5, 12);  // every slot is written over
  table.Rollback();
  EXPECT_EQ(table.Expected(kStream), 5u);
  for (uint64_t s = 1; s <= 4; ++s) {
    EXPECT_EQ(table.Check(kStream, s, DigestFor(s)), SequenceCheck::kDuplicate) << s;
  }
}

TEST(StreamTable, ALaterSessionFencesTheEarlier) {
  StreamTable table;
  const SessionStart first = table.OpenSession(kStream);
  EXPECT_EQ(first.next_sequence, 1u);
  EXPECT_EQ(first.last_digest, 0u);
  EXPECT_FALSE(table.Fenced(kStream, first.epoch));
  StageThrough(table, 1, 3);
  table.Commit();
  const SessionStart second = table.OpenSession(kStream);
  EXPECT_EQ(second.next_sequence, 4u);
  EXPECT_EQ(second.last_digest, DigestFor(3));
  EXPECT_TRUE(table.Fenced(kStream, first.epoch));
  EXPECT_FALSE(table.Fenced(kStream, second.epoch));
  EXPECT_FALSE(table.Fenced(kStream, 0));
}

TEST(StreamTable, ASessionBeginsAtWhatIsCommittedNotAtWhatIsStaged) {
  StreamTable table;
  StageThrough(table, 1, 2);
  table.Commit();
  StageThrough(table, 3, 11);
  const SessionStart session = table.OpenSession(kStream);
  EXPECT_EQ(session.next_sequence, 3u);
  EXPECT_EQ(session.last_digest, DigestFor(2));
}

TEST(StreamTable, AStreamThatWasOpenedAndNeverUsedIsForgotten) {
  StreamTable table;
  const SessionStart first = table.OpenSession(kStream);
  table.CloseSession(kStream, first.epoch);
  EXPECT_EQ(table.OpenSession(kStream).epoch, first.epoch);
  StageThrough(table, 1, 1);
  table.Commit();
  table.CloseSession(kStream, first.epoch);
  EXPECT_EQ(table.Expected(kStream), 2u);
}

TEST(StreamTable, GoesOnAfterARestart) {
  StreamTable table;
  StageThrough(table, 1, 9);
  const StreamPosition kept = table.Staged().at(0);
  StreamTable restarted;
  restarted.Restore(kept);
  EXPECT_EQ(restarted.Expected(kStream), 10u);
  EXPECT_EQ(restarted.Check(kStream, 9, DigestFor(9)), SequenceCheck::kDuplicate);
  EXPECT_EQ(restarted.Check(kStream, 9, 0), SequenceCheck::kConflict);
}

// --- Streams that are not used any more

StreamKey StreamNumber(int number, const std::string& identity = "me") {
  return {identity, std::to_string(number)};
}

// One report of a stream, as a transaction of its own; what was retired with it.
std::vector<StreamPosition> SettleOne(StreamTable& table, const StreamKey& key, bool counted) {
  table.Stage(key, table.Expected(key), 7);
  if (counted) table.NoteCounted(key);
  table.StageRetirement();
  std::vector<StreamPosition> retired;
  for (const StreamPosition& position : table.Staged()) {
    if (position.retired) retired.push_back(position);
  }
  table.Commit();
  return retired;
}

constexpr StreamLimits kFew{.counted = 8, .others = 4};

TEST(StreamTable, CallsThatAreRejectedLeaveOnlyAFewPositions) {
  StreamTable table(kFew);
  for (int i = 0; i < 1'000; ++i) SettleOne(table, StreamNumber(i), false);
  EXPECT_LE(table.size(), 6u);
  EXPECT_EQ(table.Expected(StreamNumber(999)), 2u) << "the latest go on";
}

TEST(StreamTable, RetiresThoseThatMovedLongestAgo) {
  StreamTable table(kFew);
  for (int i = 0; i < 9; ++i) SettleOne(table, StreamNumber(i), true);
  SettleOne(table, StreamNumber(0), true);
  EXPECT_TRUE(SettleOne(table, StreamNumber(9), true).empty()) << "a quarter more than may be";
  const std::vector<StreamPosition> retired = SettleOne(table, StreamNumber(10), true);
  ASSERT_EQ(retired.size(), 3u);
  EXPECT_EQ(table.size(), 8u);
  EXPECT_EQ(table.Expected(StreamNumber(0)), 3u) << "it has moved again since";
  for (const int gone : {1, 2, 3}) EXPECT_EQ(table.Expected(StreamNumber(gone)), 1u) << gone;
  EXPECT_EQ(retired[0].sequence, 1u);
}

TEST(StreamTable, OneIdentityRetiresNoStreamOfAnother) {
  StreamTable table(kFew);
  SettleOne(table, StreamNumber(1, "quiet"), true);
  for (int i = 0; i < 100; ++i) SettleOne(table, StreamNumber(i, "busy"), true);
  EXPECT_EQ(table.Expected(StreamNumber(1, "quiet")), 2u);
}

TEST(StreamTable, AStreamWithAnOpenSessionStays) {
  StreamTable table(kFew);
  const SessionStart session = table.OpenSession(kStream);
  SettleOne(table, kStream, true);
  for (int i = 0; i < 100; ++i) SettleOne(table, StreamNumber(i), true);
  EXPECT_EQ(table.Expected(kStream), 2u);
  EXPECT_FALSE(table.Fenced(kStream, session.epoch));
  table.CloseSession(kStream, session.epoch);
  for (int i = 0; i < 100; ++i) SettleOne(table, StreamNumber(i), true);
  EXPECT_EQ(table.Expected(kStream), 1u);
}

TEST(StreamTable, WhoGoesOnWithARetiredStreamIsToldSo) {
  StreamTable table(kFew);
  SettleOne(table, kStream, true);
  for (int i = 0; i < 100; ++i) SettleOne(table, StreamNumber(i), true);
  EXPECT_TRUE(table.OpenSession(kStream).retired);
  EXPECT_FALSE(table.OpenSession(StreamNumber(1'000)).retired) << "that was never used";
  EXPECT_FALSE(table.OpenSession(StreamNumber(99)).retired) << "that is kept";
}

TEST(StreamTable, RemembersWhatWasRetiredOverARestart) {
  StreamTable table(kFew);
  table.RestoreRetired({RetiredMark(kStream)});
  EXPECT_TRUE(table.OpenSession(kStream).retired);
}

TEST(StreamTable, ARetirementThatIsRolledBackIsTriedAgain) {
  StreamTable table(kFew);
  for (int i = 0; i < 10; ++i) SettleOne(table, StreamNumber(i), true);
  table.Stage(StreamNumber(10), 1, 7);
  table.NoteCounted(StreamNumber(10));
  table.StageRetirement();
  table.Rollback();
  EXPECT_EQ(table.Expected(StreamNumber(0)), 2u);
  EXPECT_EQ(table.size(), 10u);
  EXPECT_FALSE(SettleOne(table, StreamNumber(11), true).empty());
}

TEST(StreamTable, ASessionThatEndsBeforeItsFirstReportIsRolledBackLeavesNothing) {
  StreamTable table;
  const SessionStart session = table.OpenSession(kStream);
  StageThrough(table, 1, 2);
  table.CloseSession(kStream, session.epoch);
  table.Rollback();
  EXPECT_EQ(table.size(), 0u);
}

// A restart of an old ledger may find any number of them.
TEST(StreamTable, RetiresNoMoreAtOnceThanATransactionMayCarry) {
  StreamTable table(kFew);
  for (int i = 0; i < 10'000; ++i) {
    table.Restore({.stream = StreamNumber(i), .sequence = 3, .epoch = 0, .digests = {}});
  }
  EXPECT_EQ(SettleOne(table, kStream, true).size(), 4'096u);
  EXPECT_EQ(SettleOne(table, kStream, true).size(), 4'096u);
  SettleOne(table, kStream, true);
  EXPECT_EQ(table.size(), 8u);
  EXPECT_EQ(table.Expected(StreamNumber(9'999)), 4u);
}

}  // namespace
}  // namespace fleetmeter
