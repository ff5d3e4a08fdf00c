#include "collectors/core/sent_batches.h"

#include <gtest/gtest.h>

namespace fleetmeter::collector {
namespace {

v1::Ack BusyAck(uint64_t sequence) {
  v1::Ack ack;
  v1::Disposition& disposition = *ack.add_dispositions();
  disposition.set_sequence(sequence);
  disposition.set_code(v1::Disposition::BUSY);
  return ack;
}

TEST(SentBatches, AreAnsweredInTheirOrder) {
  SentBatches sent;
  sent.Add(1, 4);
  sent.Add(5, 8);
  v1::Ack ack;
  ack.set_acknowledged_through(8);  // both are committed by now
  EXPECT_EQ(sent.Answered(ack), 4u);
  EXPECT_EQ(sent.Answered(ack), 8u);
  EXPECT_TRUE(sent.empty());
}

TEST(SentBatches, ThatTheDaemonIsBusyMayBeSaidBefore) {
  SentBatches sent;
  sent.Add(1, 4);
  sent.Add(5, 8);
  EXPECT_EQ(sent.Answered(BusyAck(5)), 8u);
  EXPECT_EQ(sent.size(), 1u);
  EXPECT_EQ(sent.Answered(v1::Ack()), 4u);
}

TEST(SentBatches, AnAnswerToNothingSaysWhatItSays) {
  SentBatches sent;
  v1::Ack ack;
  ack.set_acknowledged_through(3);
  EXPECT_EQ(sent.Answered(ack), 3u);
}

}  // namespace
}  // namespace fleetmeter::collector
