#include "daemon/ctl/import/import_sender.h"

#include <fmt/format.h>
#include <grpcpp/grpcpp.h>

#include <climits>
#include <deque>
#include <map>

#include "daemon/base/mutex.h"
#include "daemon/ctl/import/import_messages.h"
#include "daemon/ctl/import/inference_reports.h"
#include "daemon/ctl/print/import_output.h"
#include "fleetmeter/v1/ingest.grpc.pb.h"
#include "gmock/gmock.h"

namespace fleetmeter::ctl {
namespace {

using std::chrono::milliseconds;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

// What a fake daemon does to a call with reports, instead of settling all of it.
enum class Mishap {
  kNone,
  kBusy,         // nothing is settled, come again
  kBusyInAck,    // the same, as streams are told
  kBreakBefore,  // the call breaks, nothing is settled
  kBreakAfter,   // all is settled, and the answer lost
  kHalf,         // the first half is settled
  kTooLarge,
  kForget,  // the books are those of a backup: half of them are gone
};

// Keeps the rules of ingest.proto for one stream: in order, each once, windows never twice.
class FakeIngest final : public v1::UsageIngest::Service {
 public:
  grpc::Status Report(grpc::ServerContext* context, const v1::ReportRequest* request,
                      v1::ReportResponse* response) override {
    MutexLock lock(mutex_);
    v1::Ack& ack = *response->mutable_ack();
    if (request->outcomes_size() == 0) {
      ack.set_acknowledged_through(settled_);
      return refuse_;
    }
    if (!refuse_.ok()) return refuse_;
    calls_.push_back(static_cast<size_t>(request->outcomes_size()));
    if (calls_.back() > most_) return {grpc::StatusCode::INVALID_ARGUMENT, "too many reports"};
    Mishap mishap = Mishap::kNone;
    if (!mishaps_.empty()) {
      mishap = mishaps_.front();
      mishaps_.pop_front();
    }
    switch (mishap) {
      case Mishap::kBusy:
        context->AddTrailingMetadata("grpc-retry-pushback-ms", "123");
        return {grpc::StatusCode::RESOURCE_EXHAUSTED, "full"};
      case Mishap::kBusyInAck:
        ack.set_acknowledged_through(settled_);
        ack.set_retry_after_millis(77);
        for (const auto& report : request->outcomes()) {
          ack.add_dispositions()->set_sequence(report.sequence());
          ack.mutable_dispositions()->rbegin()->set_code(v1::Disposition::BUSY);
        }
        return grpc::Status::OK;
      case Mishap::kBreakBefore:
        return {grpc::StatusCode::UNAVAILABLE, "broken"};
      case Mishap::kTooLarge:
        return {grpc::StatusCode::RESOURCE_EXHAUSTED, "message larger than max"};
      case Mishap::kForget:
        settled_ /= 2;
        for (auto& [window, sequence] : windows_) {
          if (sequence > settled_) sequence = 0;
        }
        return {grpc::StatusCode::UNAVAILABLE, "starting"};
      default:
        break;
    }
    int left = request->outcomes_size();
    if (mishap == Mishap::kHalf) left /= 2;
    for (const auto& report : request->outcomes()) {
      if (left-- > 0) Settle(report, ack);
    }
    ack.set_acknowledged_through(settled_);
    if (mishap == Mishap::kBreakAfter) return {grpc::StatusCode::UNAVAILABLE, "broken"};
    return grpc::Status::OK;
  }

  void Expect(std::deque<Mishap> mishaps) {
    MutexLock lock(mutex_);
    mishaps_ = std::move(mishaps);
  }
  void Reject(uint64_t sequence, const std::string& reason) {
    MutexLock lock(mutex_);
    rejections_[sequence] = reason;
  }
  void SetMost(size_t reports) {
    MutexLock lock(mutex_);
    most_ = reports;
  }
  void SetSettled(uint64_t settled) {
    MutexLock lock(mutex_);
    settled_ = settled;
  }
  void Refuse(grpc::Status status) {
    MutexLock lock(mutex_);
    refuse_ = std::move(status);
  }
  // How often each window was counted.
  std::vector<int> Counted() const {
    MutexLock lock(mutex_);
    std::vector<int> counted;
    for (const auto& [window, sequence] : windows_) counted.push_back(times_.at(window));
    return counted;
  }
  std::vector<size_t> calls() const {
    MutexLock lock(mutex_);
    return calls_;
  }

 private:
  void Settle(const v1::OutcomeReport& report, v1::Ack& ack) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    const auto say = [&](v1::Disposition::Code code, const std::string& reason) {
      v1::Disposition& disposition = *ack.add_dispositions();
      disposition.set_sequence(report.sequence());
      disposition.set_code(code);
      disposition.set_reason(reason);
      disposition.set_field("field");
      disposition.set_detail("why\x1b");
    };
    if (report.sequence() <= settled_) return say(v1::Disposition::DUPLICATE, "");
    if (report.sequence() != settled_ + 1) return say(v1::Disposition::OUT_OF_SEQUENCE, "");
    ++settled_;
    const auto rejection = rejections_.find(report.sequence());
    if (rejection != rejections_.end()) return say(v1::Disposition::REJECTED, rejection->second);
    uint64_t& counted = windows_[report.window_start_unix_nanos()];
    if (counted != 0) return say(v1::Disposition::REJECTED, "window_overlap");
    counted = report.sequence();
    ++times_[report.window_start_unix_nanos()];
  }

  mutable Mutex mutex_;
  grpc::Status refuse_ ABSL_GUARDED_BY(mutex_);
  uint64_t settled_ ABSL_GUARDED_BY(mutex_) = 0;
  size_t most_ ABSL_GUARDED_BY(mutex_) = 512;
  std::deque<Mishap> mishaps_ ABSL_GUARDED_BY(mutex_);
  std::map<uint64_t, std::string> rejections_ ABSL_GUARDED_BY(mutex_);
  std::map<int64_t, uint64_t> windows_ ABSL_GUARDED_BY(mutex_);  // start to sequence; 0: forgotten
  std::map<int64_t, int> times_ ABSL_GUARDED_BY(mutex_);
  std::vector<size_t> calls_ ABSL_GUARDED_BY(mutex_);
};

// `days` windows of a day, a row each on the lines from 2 on.
imports::ImportBatch PlanOf(int days, const std::string& source = "billing", int requests = 1) {
  std::string text = "start,model,requests,input_tokens,output_tokens\n";
  for (int day = 1; day <= days; ++day) {
    text += fmt::format("2026-{:02}-{:02},opus,{},0,0\n", 1 + day / 29, 1 + day % 28, requests);
  }
  CsvReader csv = *CsvReader::FromText("t.csv", text);
  return *imports::MakeInferenceReports(
      csv, {.source = source, .window_nanos = kDay, .every_nanos = {}});
}

class ImportSenderTest : public testing::Test {
 protected:
  ImportSenderTest() {
    grpc::ServerBuilder builder;
    builder.RegisterService(&daemon_);
    server_ = builder.BuildAndStart();
    client_ = std::make_unique<ImportClient>(server_->InProcessChannel({}), "here",
                                             std::chrono::seconds(20));
    limits_.reports = 8;
  }
  ~ImportSenderTest() override { server_->Shutdown(); }

  // Waits take no time; the `stop_after`-th question whether to stop is answered with yes.
  absl::Status Run(const imports::ImportBatch& plan, int stop_after = INT_MAX) {
    waits_.clear();
    rejected_.clear();
    ImportSender sender(
        *client_, plan, limits_,
        [&](milliseconds time) {
          if (time.count() > 0) waits_.push_back(time.count());
          return --stop_after < 0;
        },
        [&](const ImportSender& at) { rows_ = at.settled_rows(); },
        [&](const RejectedReport& rejected) {
          rejected_.push_back(fmt::format("{} {}", rejected.index, rejected.why));
          return absl::OkStatus();
        });
    const absl::Status status = sender.Run();
    fates_ = sender.fates();
    summary_ = Summarize(plan, fates_);
    return status;
  }

  ImportLimits limits_;
  FakeIngest daemon_;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<ImportClient> client_;
  std::vector<int64_t> waits_;
  std::vector<std::string> rejected_;
  std::vector<Fate> fates_;
  ImportSummary summary_;
  int64_t rows_ = 0;
};

TEST_F(ImportSenderTest, SendsBatchesUntilAllIsSettled) {
  const auto plan = PlanOf(20);
  ASSERT_TRUE(Run(plan).ok());
  EXPECT_THAT(fates_, Each(Fate::kCounted));
  EXPECT_THAT(daemon_.Counted(), testing::AllOf(SizeIs(20), Each(1)));
  EXPECT_THAT(daemon_.calls(), ElementsAre(8, 8, 4));
  EXPECT_EQ(rows_, 20);
  EXPECT_TRUE(summary_.complete());
}

TEST_F(ImportSenderTest, ASecondImportSendsNothing) {
  const auto plan = PlanOf(20);
  ASSERT_TRUE(Run(plan).ok());
  ASSERT_TRUE(Run(plan).ok());
  EXPECT_THAT(fates_, Each(Fate::kBefore));
  EXPECT_THAT(daemon_.calls(), SizeIs(3));
  EXPECT_THAT(daemon_.Counted(), Each(1));
  EXPECT_TRUE(summary_.complete());
}

TEST_F(ImportSenderTest, GoesOnWhereItWasStopped) {
  const auto plan = PlanOf(20);
  const absl::Status stopped = Run(plan, 2);
  EXPECT_EQ(stopped.code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(summary_.counted.reports, 8);
  EXPECT_EQ(summary_.unsent.rows, 12);
  EXPECT_FALSE(summary_.complete());
  ASSERT_TRUE(Run(plan).ok());
  EXPECT_EQ(summary_.before.reports, 8);
  EXPECT_EQ(summary_.counted.reports, 12);
  EXPECT_THAT(daemon_.Counted(), testing::AllOf(SizeIs(20), Each(1)));
}

TEST_F(ImportSenderTest, ComesAgainWhenTheDaemonIsBusy) {
  daemon_.Expect({Mishap::kBusy, Mishap::kBusyInAck, Mishap::kBusy});
  ASSERT_TRUE(Run(PlanOf(10)).ok());
  EXPECT_THAT(waits_, ElementsAre(123, 77, 123));
  EXPECT_THAT(daemon_.Counted(), testing::AllOf(SizeIs(10), Each(1)));
  EXPECT_THAT(fates_, Each(Fate::kCounted));
}

TEST_F(ImportSenderTest, AsksWhereItIsAfterABrokenCall) {
  daemon_.Expect({Mishap::kBreakBefore, Mishap::kBreakBefore, Mishap::kNone, Mishap::kBreakAfter});
  ASSERT_TRUE(Run(PlanOf(20)).ok());
  EXPECT_THAT(waits_, ElementsAre(250, 500, 250));  // anew after something was settled
  EXPECT_THAT(daemon_.Counted(), testing::AllOf(SizeIs(20), Each(1)));
  EXPECT_EQ(summary_.counted.reports, 12);
  // Nobody can tell any more whether these eight were counted or rejected: it is said, not guessed.
  EXPECT_EQ(summary_.unheard.reports, 8);
  EXPECT_EQ(summary_.before.reports, 0);
  EXPECT_FALSE(summary_.complete());
}

TEST_F(ImportSenderTest, GoesOnBehindWhatAPartialAnswerSettled) {
  daemon_.Expect({Mishap::kHalf, Mishap::kNone, Mishap::kHalf});
  ASSERT_TRUE(Run(PlanOf(20)).ok());
  EXPECT_THAT(daemon_.calls(), ElementsAre(8, 8, 8, 4));
  EXPECT_THAT(daemon_.Counted(), testing::AllOf(SizeIs(20), Each(1)));
  EXPECT_THAT(waits_, IsEmpty());
  EXPECT_THAT(fates_, Each(Fate::kCounted));
}

TEST_F(ImportSenderTest, SendsAgainWhatRestoredBooksLost) {
  daemon_.Expect({Mishap::kNone, Mishap::kForget});
  ASSERT_TRUE(Run(PlanOf(20)).ok());
  EXPECT_THAT(fates_, Each(Fate::kCounted));
  EXPECT_EQ(rows_, 20);
}

TEST_F(ImportSenderTest, SendsLessAtATimeWhenThatIsTooMuch) {
  daemon_.SetMost(3);
  ASSERT_TRUE(Run(PlanOf(10)).ok());
  EXPECT_THAT(daemon_.calls(), ElementsAre(8, 4, 2, 2, 2, 2, 2));
  daemon_.SetSettled(0);
  daemon_.Expect({Mishap::kTooLarge, Mishap::kTooLarge});
  const absl::Status status = Run(PlanOf(2, "gateway"));
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("the report of line"));
}

TEST_F(ImportSenderTest, TellsRejectedFromCountedBefore) {
  ASSERT_TRUE(Run(PlanOf(5)).ok());
  // The same windows with other amounts are another file, as is the file with more rows.
  daemon_.SetSettled(0);
  daemon_.Reject(6, "unknown_pool");
  ASSERT_TRUE(Run(PlanOf(8, "billing", 2)).ok());
  EXPECT_EQ(summary_.overlapping.reports, 5);
  EXPECT_EQ(summary_.rejected.reports, 1);
  EXPECT_EQ(summary_.counted.reports, 2);
  EXPECT_FALSE(summary_.complete());
  ASSERT_THAT(rejected_, SizeIs(6));
  EXPECT_EQ(rejected_[0], "0 window_overlap: field: why\\x1b");
  EXPECT_EQ(rejected_[5], "5 unknown_pool: field: why\\x1b");
}

TEST_F(ImportSenderTest, GivesUpWhenNothingIsSettledForTooLong) {
  limits_.patience = milliseconds(2'000);
  daemon_.Expect(std::deque<Mishap>(100, Mishap::kBreakBefore));
  const absl::Status status = Run(PlanOf(5));
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(status.message()), HasSubstr("here: broken"));
  EXPECT_THAT(waits_, ElementsAre(250, 500, 1'000, 2'000));
}

TEST_F(ImportSenderTest, StopsAtOnceWhenItMayNotReport) {
  daemon_.Refuse({grpc::StatusCode::PERMISSION_DENIED, "not for this pool"});
  const absl::Status status = Run(PlanOf(5));
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("does not let us import: not for this pool"));
  EXPECT_THAT(waits_, IsEmpty());
}

TEST_F(ImportSenderTest, DoesNotTrustBooksThatKnowMoreThanTheFileHas) {
  daemon_.SetSettled(6);
  EXPECT_EQ(Run(PlanOf(5)).code(), absl::StatusCode::kInternal);
}

TEST(OverlapQuestionOf, AsksForTheTimeOfAFileWhoseSourceNobodyHasNamed) {
  imports::ImportBatch plan = PlanOf(5);  // five days on end from the 2nd on
  EXPECT_EQ(OverlapQuestionOf(plan), std::nullopt) << "the source was named";
  plan.source_of_name = true;
  const auto question = OverlapQuestionOf(plan);
  ASSERT_TRUE(question.has_value());
  EXPECT_EQ(question->kind(), v1::OverlapQuestion::INFERENCE);
  EXPECT_EQ(question->source(), "billing");
  ASSERT_EQ(question->spans_size(), 1);
  EXPECT_EQ(question->spans(0).end_unix_nanos() - question->spans(0).start_unix_nanos(), 5 * kDay);
}

TEST(StreamIdOf, FollowsFromTheReportsAlone) {
  const std::string id = StreamIdOf(PlanOf(5));
  EXPECT_EQ(id.size(), 16u);
  EXPECT_EQ(StreamIdOf(PlanOf(5)), id);
  EXPECT_NE(StreamIdOf(PlanOf(6)), id);
  EXPECT_NE(StreamIdOf(PlanOf(5, "gateway")), id);
  EXPECT_NE(StreamIdOf(PlanOf(5, "billing", 2)), id);
  // Where it came from in the file is no part of it.
  imports::ImportBatch plan = PlanOf(5);
  plan.reports[0].lines = imports::LineSet(99);
  EXPECT_EQ(StreamIdOf(plan), id);
}

}  // namespace
}  // namespace fleetmeter::ctl
