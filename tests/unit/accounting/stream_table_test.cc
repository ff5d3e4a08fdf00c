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

}  // namespace
}  // namespace fleetmeter
