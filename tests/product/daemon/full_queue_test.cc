// What happens when reports come faster than the ledger keeps them.
//
// A ledger in memory is never slow enough to be sure of a full queue from outside, so these tests
// put the real writer, service and listener over a ledger that is held up until it is released.
#include <grpcpp/grpcpp.h>
#include <prometheus/text_serializer.h>

#include <thread>

#include "daemon/accounting/writer.h"
#include "daemon/ingest/ingest_service.h"
#include "daemon/ledger/memory_ledger.h"
#include "daemon/serve/listen/grpc_listener.h"
#include "daemon/serve/metrics/daemon_metrics.h"
#include "daemon/view/snapshot.h"
#include "gmock/gmock.h"
#include "tests/support/daemon_fixture.h"
#include "tests/support/reports.h"
#include "tests/support/scrape.h"

namespace fleetmeter::e2e {
namespace {

using testing::HasSubstr;

constexpr size_t kQueueReports = 4;

// Commits wait while it is held up; some may be made to fail.
class SlowLedger final : public MemoryLedger {
 public:
  absl::Status Commit(const LedgerTransaction&) override {
    MutexLock lock(mutex_);
    ++waiting_;
    while (held_up_) changed_.Wait(mutex_);
    --waiting_;
    if (failures_ == 0) return absl::OkStatus();
    --failures_;
    return absl::UnavailableError("the disk is full");
  }

  void HoldUp() {
    MutexLock lock(mutex_);
    held_up_ = true;
  }
  void Release() {
    MutexLock lock(mutex_);
    held_up_ = false;
    changed_.NotifyAll();
  }
  void FailNext(int commits) {
    MutexLock lock(mutex_);
    failures_ = commits;
  }
  bool waiting() const {
    MutexLock lock(mutex_);
    return waiting_ > 0;
  }

 private:
  mutable Mutex mutex_;
  CondVar changed_;
  bool held_up_ ABSL_GUARDED_BY(mutex_) = false;
  int waiting_ ABSL_GUARDED_BY(mutex_) = 0;
  int failures_ ABSL_GUARDED_BY(mutex_) = 0;
};

WriterSettings Settings() {
  ChipKind h100{.name = "h100",
                .provider = "cloud",
                .title = "H100",
                .conversions = {Conversion{}},
                .micro_usd_per_chip_hour = {},
                .peak_flops = {}};
  Plan plan{.name = "test",
            .version = 1,
            .scenario = "tests",
            .effective_from_unix_nanos = 0,
            .supply = {{"h100", 32}},
            .supply_h100e = 32,
            .tier_shares = {},
            .category_shares = {},
            .pools = {Pool{.name = "serving",
                           .owner = "Serving",
                           .contact = "#serving",
                           .teams = {"chat"},
                           .allocated_h100e = 16,
                           .policy = {}}}};
  WriterSettings settings;
  settings.reference =
      std::make_shared<const ReferenceData>(ReferenceData{Catalog(1, {h100}), {std::move(plan)}});
  settings.windows = {
      .max_length_nanos = kHour, .max_lateness_nanos = kHour, .future_tolerance_nanos = kSecond};
  settings.state = {.silent_after_nanos = kHour,
                    .forget_after_nanos = kHour,
                    .keep_windows_nanos = kHour,
                    .idle_below = 0.05};
  return settings;
}

class FullQueueTest : public testing::Test {
 protected:
  FullQueueTest() {
    EXPECT_TRUE(writer_.Start().ok());
    auto listener =
        GrpcListener::Start("listen.ingest", "127.0.0.1:0", grpc::InsecureServerCredentials(), {},
                            {{service_, v1::UsageIngest::service_full_name()}});
    if (!listener.ok()) throw std::runtime_error(listener.status().ToString());
    listener_ = *std::move(listener);
    stub_ = v1::UsageIngest::NewStub(
        grpc::CreateChannel(listener_->address(), grpc::InsecureChannelCredentials()));
  }
  ~FullQueueTest() override {
    ledger_.Release();
    service_.Drain();
    writer_.Stop();
    listener_->Stop(std::chrono::system_clock::now() + std::chrono::seconds(10));
  }

  // Holds the ledger up with a first report of `client`, then fills the queue with the next four.
  void FillQueue(StreamClient& client) {
    ledger_.HoldUp();
    ASSERT_TRUE(client.Open());
    ASSERT_TRUE(client.Send({Good(1)}));
    ASSERT_TRUE(Eventually([this] { return ledger_.waiting(); }));
    ASSERT_TRUE(client.Send({Good(2), Good(3), Good(4), Good(5)}));
    ASSERT_TRUE(Eventually([this] { return writer_.queued_reports() == kQueueReports; }));
  }

  static v1::UsageReport Good(uint64_t sequence, const std::string& prefix = "host") {
    return Numbered(GoodReport(prefix + std::to_string(sequence)), sequence);
  }

  // Chip-nanoseconds of pool serving: assigned and busy.
  std::pair<int64_t, int64_t> Totals() const {
    const auto snapshot = TakeSnapshot(writer_);
    const std::vector<UseView>& uses = snapshot->uses.at("serving").uses;
    if (uses.empty()) return {0, 0};
    return {static_cast<int64_t>(uses[0].booked.chips), static_cast<int64_t>(uses[0].booked.busy)};
  }
  double Reports(const std::string& result) const {
    return Scrape(prometheus::TextSerializer().Serialize(metrics_.Collect()))
        .Value("fleetmeter_ingest_reports_total", {{"result", result}})
        .value_or(-1);
  }

  static void ExpectBusy(const v1::Ack& ack, uint64_t acknowledged, uint64_t first,
                         const std::string& detail) {
    EXPECT_EQ(ack.acknowledged_through(), acknowledged);
    EXPECT_GT(ack.retry_after_millis(), 0U);
    ASSERT_GT(ack.dispositions_size(), 0);
    for (const v1::Disposition& disposition : ack.dispositions()) {
      EXPECT_EQ(disposition.code(), v1::Disposition::BUSY);
      EXPECT_EQ(disposition.sequence(), first++);
      EXPECT_THAT(disposition.detail(), HasSubstr(detail));
    }
  }

  static constexpr std::pair<int64_t, int64_t> TotalsFor(int64_t reports) {
    return {2 * reports * kSecond, reports * kSecond};
  }

  const SystemClock clock_;
  DaemonMetrics metrics_;
  SlowLedger ledger_;
  Writer writer_{{.queue_reports = kQueueReports, .commit_reports = kQueueReports},
                 Settings(),
                 clock_,
                 ledger_,
                 metrics_};
  AuditLog audit_{AuditLog::DefaultLogger(), clock_};
  AccessControl access_{AccessPolicy::OpenToAll(), audit_, metrics_.access(), clock_};
  IngestService service_{{.max_reports_per_batch = kQueueReports,
                          .max_message_bytes = 4 << 20,
                          .max_streams = 16,
                          .accept_replay = false},
                         writer_,
                         access_,
                         clock_,
                         metrics_};
  std::unique_ptr<GrpcListener> listener_;
  std::unique_ptr<v1::UsageIngest::Stub> stub_;
};

TEST_F(FullQueueTest, AStreamIsToldBusyAndResendingEverythingEndsWithExactTotals) {
  StreamClient filler(*stub_);
  ASSERT_NO_FATAL_FAILURE(FillQueue(filler));
  StreamClient client(*stub_);
  ASSERT_TRUE(client.Open());
  const std::vector<v1::UsageReport> reports = {Good(1, "b"), Good(2, "b")};
  // At once, while the ledger is still held up.
  ExpectBusy(client.Settle(reports), 0, 1, "the queue of 4 reports is full");
  ExpectBusy(client.Settle(reports), 0, 1, "the queue of 4 reports is full");
  EXPECT_EQ(Reports("busy"), 4);
  EXPECT_EQ(Totals(), TotalsFor(0));

  ledger_.Release();
  EXPECT_EQ(filler.ReadAck()->acknowledged_through(), 1U);
  EXPECT_EQ(filler.ReadAck()->acknowledged_through(), 5U);
  const v1::Ack ack = client.Settle(reports);
  EXPECT_EQ(ack.acknowledged_through(), 2U);
  EXPECT_EQ(ack.dispositions_size(), 0) << ack.ShortDebugString();
  EXPECT_EQ(Totals(), TotalsFor(7));
  EXPECT_EQ(Reports("accepted"), 7);
}

TEST_F(FullQueueTest, AUnaryCallIsRefusedWithARetryHint) {
  StreamClient filler(*stub_);
  ASSERT_NO_FATAL_FAILURE(FillQueue(filler));
  const std::string id = RandomStreamId();
  const std::vector<v1::UsageReport> reports = {Good(1, "u"), Good(2, "u"), Good(3, "u")};
  const UnaryAnswer busy = SendUnary(*stub_, id, reports);
  EXPECT_EQ(busy.status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_THAT(busy.status.error_message(), HasSubstr("the queue of 4 reports is full"));
  ASSERT_TRUE(busy.pushback_millis);
  EXPECT_GT(std::stoi(*busy.pushback_millis), 0);
  EXPECT_EQ(Reports("busy"), 3);

  ledger_.Release();
  ASSERT_TRUE(Eventually([this] { return writer_.queued_reports() == 0; }));
  const UnaryAnswer answer = SendUnary(*stub_, id, reports);
  EXPECT_TRUE(answer.status.ok()) << answer.status.error_message();
  EXPECT_EQ(answer.ack.acknowledged_through(), 3U);
  EXPECT_EQ(Totals(), TotalsFor(8));
}

TEST_F(FullQueueTest, IsSeenForAsLongAsItLasts) {
  StreamClient filler(*stub_);
  ASSERT_NO_FATAL_FAILURE(FillQueue(filler));
  EXPECT_EQ(writer_.FullForNanos(), 0);  // nobody was refused yet
  SendUnary(*stub_, RandomStreamId(), {Good(1, "u")});
  EXPECT_TRUE(Eventually([this] { return writer_.FullForNanos() > 0; }));
  ledger_.Release();
  EXPECT_TRUE(Eventually([this] { return writer_.FullForNanos() == 0; }));
}

TEST_F(FullQueueTest, WhatFollowsABusyBatchWaitsForIt) {
  StreamClient filler(*stub_);
  ASSERT_NO_FATAL_FAILURE(FillQueue(filler));
  StreamClient client(*stub_);
  ASSERT_TRUE(client.Open());
  ExpectBusy(client.Settle({Good(1, "b")}), 0, 1, "full");
  ledger_.Release();
  EXPECT_EQ(filler.ReadAck()->acknowledged_through(), 1U);
  EXPECT_EQ(filler.ReadAck()->acknowledged_through(), 5U);
  // A client that does not go back is told where to.
  const v1::Ack gap = client.Settle({Good(2, "b")});
  EXPECT_EQ(gap.acknowledged_through(), 0U);
  EXPECT_EQ(gap.dispositions(0).code(), v1::Disposition::OUT_OF_SEQUENCE);
  EXPECT_EQ(client.Settle({Good(1, "b"), Good(2, "b")}).acknowledged_through(), 2U);
  EXPECT_EQ(Totals(), TotalsFor(7));
}

TEST_F(FullQueueTest, AClientThatLeavesMeanwhileIsCountedOnce) {
  const std::string id = RandomStreamId();
  {
    StreamClient client(*stub_, id);
    ASSERT_NO_FATAL_FAILURE(FillQueue(client));
    client.Cancel();
    EXPECT_EQ(client.AwaitEnd().error_code(), grpc::StatusCode::CANCELLED);
  }
  ledger_.Release();
  ASSERT_TRUE(Eventually([this] { return Totals() == TotalsFor(5); }));
  StreamClient again(*stub_, id);
  EXPECT_EQ(again.Open()->next_sequence(), 6U);
  EXPECT_EQ(again.Settle({Good(5), Good(6)}).acknowledged_through(), 6U);
  EXPECT_EQ(Totals(), TotalsFor(6));
}

TEST_F(FullQueueTest, AFailedCommitSettlesNothingAndIsTriedAgain) {
  StreamClient client(*stub_);
  ASSERT_TRUE(client.Open());
  EXPECT_EQ(client.Settle({Good(1)}).acknowledged_through(), 1U);
  ledger_.FailNext(2);
  ExpectBusy(client.Settle({Good(2), Good(3)}), 1, 2, "the disk is full");
  const UnaryAnswer refused = SendUnary(*stub_, client.stream_id(), {Good(2)});
  EXPECT_EQ(refused.status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_THAT(refused.status.error_message(), HasSubstr("the disk is full"));
  EXPECT_TRUE(refused.pushback_millis);
  EXPECT_EQ(Totals(), TotalsFor(1));
  EXPECT_EQ(Scrape(prometheus::TextSerializer().Serialize(metrics_.Collect()))
                .Value("fleetmeter_ledger_commit_failures_total"),
            2);
  EXPECT_EQ(client.Settle({Good(2), Good(3)}).acknowledged_through(), 3U);
  EXPECT_EQ(Totals(), TotalsFor(3));
}

TEST_F(FullQueueTest, ADrainingServiceTakesNoMoreCalls) {
  service_.Drain();
  const UnaryAnswer answer = SendUnary(*stub_, RandomStreamId(), {Good(1)});
  EXPECT_EQ(answer.status.error_code(), grpc::StatusCode::UNAVAILABLE)
      << answer.status.error_message();
  EXPECT_EQ(Totals(), TotalsFor(0));
}

TEST_F(FullQueueTest, AStoppedWriterIsNotCalledAFullQueue) {
  writer_.Stop();
  const UnaryAnswer answer = SendUnary(*stub_, RandomStreamId(), {Good(1)});
  EXPECT_EQ(answer.status.error_code(), grpc::StatusCode::UNAVAILABLE)
      << answer.status.error_message();
  EXPECT_EQ(Reports("busy"), 0);
}

}  // namespace
}  // namespace fleetmeter::e2e
