// Streams and their sequences: nothing is counted twice, nothing is skipped, and one client's
// trouble is not another's.
#include <algorithm>

#include "gmock/gmock.h"
#include "tests/support/daemon_fixture.h"
#include "tests/support/reports.h"
#include "tests/support/socket.h"

namespace fleetmeter::e2e {
namespace {

using grpc::StatusCode;
using testing::HasSubstr;

constexpr uint64_t kBatch = 512;  // the default of max_reports_per_batch

std::string Seconds(uint64_t chip_seconds) { return std::to_string(chip_seconds) + "000000000"; }

// What `reports` good reports count.
Totals TotalsFor(uint64_t reports) { return {Seconds(2 * reports), Seconds(reports), "0"}; }

// A good report of a source of its own.
v1::UsageReport Good(const std::string& prefix, uint64_t sequence) {
  return Numbered(GoodReport(prefix + std::to_string(sequence)), sequence);
}

void ExpectOutOfSequence(const v1::Ack& ack, uint64_t sequence, uint64_t expected) {
  EXPECT_EQ(ack.acknowledged_through(), expected - 1);
  ASSERT_EQ(ack.dispositions_size(), 1) << ack.ShortDebugString();
  EXPECT_EQ(ack.dispositions(0).sequence(), sequence);
  EXPECT_EQ(ack.dispositions(0).code(), v1::Disposition::OUT_OF_SEQUENCE);
  EXPECT_EQ(ack.dispositions(0).detail(),
            "sequence is " + std::to_string(sequence) + "; expected " + std::to_string(expected));
}

TEST(Sequences, AGapSettlesNothingAndTheStreamGoesOn) {
  Daemon daemon;
  StreamClient client(daemon.ingest());
  ASSERT_EQ(client.Open()->next_sequence(), 1U);
  EXPECT_EQ(client.Settle({Good("host", 1)}).acknowledged_through(), 1U);
  ExpectOutOfSequence(client.Settle({Good("host", 3)}), 3, 2);
  EXPECT_EQ(daemon.TotalsOf("serving"), TotalsFor(1));
  const v1::Ack ack = client.Settle({Good("host", 2), Good("host", 3)});
  EXPECT_EQ(ack.acknowledged_through(), 3U);
  EXPECT_EQ(ack.dispositions_size(), 0);
  EXPECT_EQ(daemon.TotalsOf("serving"), TotalsFor(3));
  EXPECT_EQ(daemon.ScrapeMetrics().Value("fleetmeter_ingest_reports_total",
                                         {{"result", "out_of_sequence"}}),
            1);
}

TEST(Sequences, ADuplicateIsAcknowledgedAndNotCountedTwice) {
  Daemon daemon;
  StreamClient client(daemon.ingest());
  ASSERT_TRUE(client.Open());
  const v1::UsageReport report = Good("host", 1);
  EXPECT_EQ(client.Settle({report}).dispositions_size(), 0);
  const v1::Ack again = client.Settle({report, Good("host", 2)});
  EXPECT_EQ(again.acknowledged_through(), 2U);
  ASSERT_EQ(again.dispositions_size(), 1);
  EXPECT_EQ(again.dispositions(0).sequence(), 1U);
  EXPECT_EQ(again.dispositions(0).code(), v1::Disposition::DUPLICATE);
  EXPECT_EQ(daemon.TotalsOf("serving"), TotalsFor(2));
}

TEST(Sequences, ADuplicateWithinABatchIsNotCountedTwice) {
  Daemon daemon;
  const v1::UsageReport report = Good("host", 1);
  const UnaryAnswer answer = SendUnary(daemon.ingest(), RandomStreamId(), {report, report});
  EXPECT_EQ(answer.ack.acknowledged_through(), 1U);
  ASSERT_EQ(answer.ack.dispositions_size(), 1);
  EXPECT_EQ(answer.ack.dispositions(0).code(), v1::Disposition::DUPLICATE);
  EXPECT_EQ(daemon.TotalsOf("serving"), TotalsFor(1));
}

TEST(Sequences, AnUnknownStreamBeginsAtOne) {
  Daemon daemon;
  StreamClient client(daemon.ingest());
  EXPECT_EQ(client.Open()->next_sequence(), 1U);
  ExpectOutOfSequence(client.Settle({Good("host", 5)}), 5, 1);
  ExpectOutOfSequence(SendUnary(daemon.ingest(), RandomStreamId(), {Good("host", 5)}).ack, 5, 1);
  EXPECT_EQ(daemon.TotalsOf("serving"), Totals());
}

TEST(Sequences, ZeroIsNoSequence) {
  Daemon daemon;
  StreamClient client(daemon.ingest());
  ASSERT_TRUE(client.Open());
  ExpectOutOfSequence(client.Settle({Good("host", 0)}), 0, 1);
  EXPECT_EQ(client.Settle({Good("host", 1)}).acknowledged_through(), 1U);
  ExpectOutOfSequence(client.Settle({Good("host", 0)}), 0, 2);
  v1::UsageReport unnumbered = GoodReport("host");
  ExpectOutOfSequence(client.Settle({unnumbered}), 0, 2);
  EXPECT_EQ(daemon.TotalsOf("serving"), TotalsFor(1));
}

TEST(Sequences, AStreamResumesOnAnotherConnectionWhereItStood) {
  Daemon daemon;
  const std::string id = RandomStreamId();
  {
    StreamClient client(daemon.ingest(), id);
    ASSERT_TRUE(client.Open());
    EXPECT_EQ(client.Settle({Good("host", 1), Good("host", 2)}).acknowledged_through(), 2U);
    EXPECT_TRUE(client.Finish().ok());
  }
  StreamClient again(daemon.ingest(), id);
  EXPECT_EQ(again.Open()->next_sequence(), 3U);
  EXPECT_EQ(again.Settle({Good("host", 3)}).acknowledged_through(), 3U);
  // And the unary call knows the same streams.
  EXPECT_EQ(SendUnary(daemon.ingest(), id, {Good("host", 4)}).ack.acknowledged_through(), 4U);
  EXPECT_EQ(daemon.TotalsOf("serving"), TotalsFor(4));
}

TEST(Sequences, WhatACancelledStreamWasNotToldIsADuplicateLater) {
  Daemon daemon;
  const std::string id = RandomStreamId();
  const v1::UsageReport report = Good("host", 1);
  {
    StreamClient client(daemon.ingest(), id);
    ASSERT_TRUE(client.Open());
    ASSERT_TRUE(client.Send({report}));
    ASSERT_TRUE(Eventually([&] { return daemon.TotalsOf("serving") == TotalsFor(1); }));
    client.Cancel();
  }
  StreamClient again(daemon.ingest(), id);
  EXPECT_EQ(again.Open()->next_sequence(), 2U);
  const v1::Ack ack = again.Settle({report});
  EXPECT_EQ(ack.acknowledged_through(), 1U);
  EXPECT_EQ(ack.dispositions(0).code(), v1::Disposition::DUPLICATE);
  EXPECT_EQ(daemon.TotalsOf("serving"), TotalsFor(1));
}

TEST(Sequences, BatchesMayBeSentAheadOfTheirAcknowledgements) {
  Daemon daemon;
  StreamClient client(daemon.ingest());
  ASSERT_TRUE(client.Open());
  constexpr uint64_t kBatches = 50;
  for (uint64_t i = 0; i < kBatches; ++i) {
    ASSERT_TRUE(client.Send({Good("host", 2 * i + 1), Good("host", 2 * i + 2)}));
  }
  uint64_t acknowledged = 0;
  for (uint64_t i = 0; i < kBatches; ++i) {
    const auto ack = client.ReadAck();
    ASSERT_TRUE(ack);
    EXPECT_EQ(ack->dispositions_size(), 0);
    // A commit of several batches acknowledges all of them at once.
    EXPECT_GE(ack->acknowledged_through(), std::max(acknowledged, 2 * (i + 1)));
    acknowledged = ack->acknowledged_through();
  }
  EXPECT_EQ(acknowledged, 2 * kBatches);
  EXPECT_TRUE(client.Finish().ok());
  EXPECT_EQ(daemon.TotalsOf("serving"), TotalsFor(2 * kBatches));
}

TEST(Sequences, StreamsAreIndependent) {
  Daemon daemon;
  StreamClient a(daemon.ingest());
  StreamClient b(daemon.ingest());
  ASSERT_TRUE(a.Open());
  ASSERT_TRUE(b.Open());
  EXPECT_EQ(daemon.ScrapeMetrics().Value("fleetmeter_ingest_streams"), 2);
  for (uint64_t sequence = 1; sequence <= 20; ++sequence) {
    ASSERT_TRUE(a.Send({Good("a", sequence)}));
    if (sequence % 2 == 0) {
      ASSERT_TRUE(b.Send({Good("b", sequence / 2)}));
    }
  }
  for (uint64_t sequence = 1; sequence <= 20; ++sequence) {
    EXPECT_GE(a.ReadAck()->acknowledged_through(), sequence);
  }
  for (uint64_t sequence = 1; sequence <= 10; ++sequence) {
    EXPECT_GE(b.ReadAck()->acknowledged_through(), sequence);
  }
  EXPECT_EQ(daemon.TotalsOf("serving"), TotalsFor(30));
  EXPECT_TRUE(a.Finish().ok());
  EXPECT_TRUE(b.Finish().ok());
  EXPECT_TRUE(
      Eventually([&] { return daemon.ScrapeMetrics().Value("fleetmeter_ingest_streams") == 0; }));
}

// --- Calls that are refused
// ------------------------------------------------------------------------

void ExpectRefused(const grpc::Status& status, StatusCode code, const std::string& detail) {
  EXPECT_EQ(status.error_code(), code) << status.error_message();
  EXPECT_THAT(status.error_message(), HasSubstr(detail));
}

TEST(RefusedCalls, StreamIdOf15Bytes) {
  Daemon daemon;
  const std::string id(15, 'x');
  StreamClient client(daemon.ingest(), id);
  EXPECT_FALSE(client.Open());
  ExpectRefused(client.AwaitEnd(), StatusCode::INVALID_ARGUMENT,
                "stream_id is 15 bytes; expected 16");
  ExpectRefused(SendUnary(daemon.ingest(), id, {Good("host", 1)}).status,
                StatusCode::INVALID_ARGUMENT, "stream_id is 15 bytes; expected 16");
}

TEST(RefusedCalls, BatchBeforeOpen) {
  Daemon daemon;
  StreamClient client(daemon.ingest());
  client.Send({Good("host", 1)});
  ExpectRefused(client.AwaitEnd(), StatusCode::FAILED_PRECONDITION,
                "batch came first; expected open");
  EXPECT_EQ(daemon.TotalsOf("serving"), Totals());
}

TEST(RefusedCalls, OpenTwice) {
  Daemon daemon;
  StreamClient client(daemon.ingest());
  ASSERT_TRUE(client.Open());
  EXPECT_EQ(client.Settle({Good("host", 1)}).acknowledged_through(), 1U);
  client.SendOpen();
  ExpectRefused(client.AwaitEnd(), StatusCode::INVALID_ARGUMENT, "open came twice; expected once");
  EXPECT_EQ(daemon.TotalsOf("serving"), TotalsFor(1));
}

TEST(RefusedCalls, TooManyReportsInABatch) {
  Daemon daemon;
  std::vector<v1::UsageReport> reports;
  for (uint64_t i = 1; i <= kBatch + 1; ++i) reports.push_back(Good("host", i));
  StreamClient client(daemon.ingest());
  ASSERT_EQ(client.Open()->max_reports_per_batch(), kBatch);
  client.Send(reports);
  ExpectRefused(client.AwaitEnd(), StatusCode::INVALID_ARGUMENT,
                "batch has 513 reports; expected at most 512");
  const std::string id = RandomStreamId();
  ExpectRefused(SendUnary(daemon.ingest(), id, reports).status, StatusCode::INVALID_ARGUMENT,
                "call has 513 reports; expected at most 512");
  EXPECT_EQ(daemon.TotalsOf("serving"), Totals());
  reports.pop_back();
  EXPECT_EQ(SendUnary(daemon.ingest(), id, reports).ack.acknowledged_through(), kBatch);
  EXPECT_EQ(daemon.TotalsOf("serving"), TotalsFor(kBatch));
}

TEST(RefusedCalls, TooManyStreams) {
  Daemon daemon({.ingest = {"max_streams: 1"}});
  StreamClient first(daemon.ingest());
  ASSERT_TRUE(first.Open());
  StreamClient second(daemon.ingest());
  EXPECT_FALSE(second.Open());
  ExpectRefused(second.AwaitEnd(), StatusCode::RESOURCE_EXHAUSTED,
                "1 streams are open; expected at most 1");
  EXPECT_EQ(first.Settle({Good("host", 1)}).acknowledged_through(), 1U);
}

TEST(RefusedCalls, AReplayUnlessConfigured) {
  Daemon daemon;
  StreamClient client(daemon.ingest());
  EXPECT_FALSE(client.Open(/*replay_speed=*/60));
  ExpectRefused(client.AwaitEnd(), StatusCode::FAILED_PRECONDITION,
                "open.replay_speed is 60; expected 1, since ingest.accept_replay is off");
}

TEST(RefusedCalls, AReplayBackwardsEvenIfConfigured) {
  Daemon daemon({.ingest = {"accept_replay: true"}});
  StreamClient client(daemon.ingest());
  EXPECT_FALSE(client.Open(/*replay_speed=*/0.5));
  ExpectRefused(client.AwaitEnd(), StatusCode::INVALID_ARGUMENT,
                "open.replay_speed is 0.5; expected 1 to 1000000");
}

TEST(Replays, CountRecordedTimeWhereConfigured) {
  Daemon daemon({.ingest = {"accept_replay: true"}});
  StreamClient client(daemon.ingest());
  ASSERT_TRUE(client.Open(/*replay_speed=*/3'600));
  v1::UsageReport report = Good("host", 1);
  report.set_duration_nanos(kHour);
  EXPECT_EQ(client.Settle({report}).dispositions_size(), 0);
  EXPECT_EQ(daemon.TotalsOf("serving"), (Totals{Seconds(7'200), Seconds(3'600), "0"}));
}

// --- Hostile bytes
// -----------------------------------------------------------------------------------

TEST(HostileBytes, AnOversizedMessageEndsItsStreamOnly) {
  Daemon daemon({.ingest = {"max_message: 16KiB"}});
  StreamClient other(daemon.ingest());
  ASSERT_TRUE(other.Open());
  const std::string id = RandomStreamId();
  std::vector<v1::UsageReport> reports;
  for (uint64_t i = 1; i <= kBatch; ++i) reports.push_back(Good("host", i));
  {
    StreamClient client(daemon.ingest(), id);
    const auto welcome = client.Open();
    ASSERT_TRUE(welcome);
    EXPECT_EQ(welcome->max_message_bytes(), 16U * 1024);
    client.Send(reports);
    ExpectRefused(client.AwaitEnd(), StatusCode::RESOURCE_EXHAUSTED, "vs. 16384");
  }
  ExpectRefused(SendUnary(daemon.ingest(), id, reports).status, StatusCode::RESOURCE_EXHAUSTED,
                "vs. 16384");
  EXPECT_EQ(other.Settle({Good("other", 1)}).acknowledged_through(), 1U);
  EXPECT_EQ(daemon.TotalsOf("serving"), TotalsFor(1));
  StreamClient again(daemon.ingest(), id);
  EXPECT_EQ(again.Open()->next_sequence(), 1U);
  EXPECT_EQ(again.Settle({reports[0], reports[1]}).acknowledged_through(), 2U);
  EXPECT_EQ(daemon.TotalsOf("serving"), TotalsFor(3));
}

TEST(HostileBytes, GarbageOnAConnectionHurtsNobodyElse) {
  Daemon daemon;
  StreamClient client(daemon.ingest());
  ASSERT_TRUE(client.Open());
  const std::string preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
  const std::string garbage[] = {
      std::string(100'000, '\xFF'),
      "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n",
      preface + std::string(10'000, '\0'),
      preface + std::string("\xFF\xFF\xFF\x00\x00\x00\x00\x00\x01", 9),  // a frame of 16 MiB
      preface.substr(0, 7),                                              // and then nothing
  };
  std::vector<std::unique_ptr<Socket>> left_open;
  uint64_t sequence = 0;
  for (const std::string& bytes : garbage) {
    for (const std::string& address :
         {daemon.ingest_address(), daemon.query_address(), daemon.http_address()}) {
      auto socket = std::make_unique<Socket>(address);
      ASSERT_TRUE(socket->connected());
      socket->Send(bytes);  // the daemon may close before all of it is sent
      left_open.push_back(std::move(socket));
    }
    ++sequence;
    EXPECT_EQ(client.Settle({Good("host", sequence)}).acknowledged_through(), sequence);
  }
  left_open.clear();
  EXPECT_EQ(daemon.TotalsOf("serving"), TotalsFor(sequence));
  EXPECT_EQ(HttpRequest(daemon.http_address(), "GET", "/readyz")->status, 200);
  EXPECT_TRUE(client.Finish().ok());
}

}  // namespace
}  // namespace fleetmeter::e2e
