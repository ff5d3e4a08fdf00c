// Imports that come again after some of their reports were rejected.
#include <fmt/format.h>
#include <grpcpp/grpcpp.h>

#include <climits>
#include <map>
#include <set>

#include "daemon/base/mutex.h"
#include "daemon/ctl/import/import_sender.h"
#include "daemon/ctl/import/inference_reports.h"
#include "fleetmeter/v1/ingest.grpc.pb.h"
#include "gmock/gmock.h"

namespace fleetmeter::ctl {
namespace {

using std::chrono::milliseconds;
using testing::Each;
using testing::ElementsAre;
using testing::IsEmpty;

// Keeps the rules of ingest.proto for any streams, and rejects the models that it is told to.
class ManyStreams final : public v1::UsageIngest::Service {
 public:
  grpc::Status Report(grpc::ServerContext*, const v1::ReportRequest* request,
                      v1::ReportResponse* response) override {
    MutexLock lock(mutex_);
    Stream& stream = streams_[request->stream_id()];
    v1::Ack& ack = *response->mutable_ack();
    for (const v1::OutcomeReport& report : request->outcomes()) {
      if (report.sequence() != stream.settled + 1) continue;
      ++stream.settled;
      const std::string& model = report.inference().rows(0).model();
      if (!rejected_.contains(model)) {
        ++counted_[model];
        continue;
      }
      stream.rejected.insert(report.sequence());
      AddRejection(report.sequence(), ack);
    }
    ack.set_acknowledged_through(stream.settled);
    if (request->tell_rejected()) {
      for (const uint64_t sequence : stream.rejected) AddRejection(sequence, ack);
    }
    return grpc::Status::OK;
  }

  void Reject(std::set<std::string> models) {
    MutexLock lock(mutex_);
    rejected_ = std::move(models);
  }
  std::map<std::string, int> counted() const {
    MutexLock lock(mutex_);
    return counted_;
  }

 private:
  struct Stream {
    uint64_t settled = 0;
    std::set<uint64_t> rejected;
  };
  static void AddRejection(uint64_t sequence, v1::Ack& ack) {
    v1::Disposition& to = *ack.add_dispositions();
    to.set_sequence(sequence);
    to.set_code(v1::Disposition::REJECTED);
    to.set_reason("unknown_pool");
  }

  mutable Mutex mutex_;
  std::map<std::string, Stream> streams_ ABSL_GUARDED_BY(mutex_);
  std::set<std::string> rejected_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, int> counted_ ABSL_GUARDED_BY(mutex_);
};

// A window and a report for each model: m0, m1, ...
imports::ImportBatch PlanOfModels(int models) {
  std::string text = "start,model,requests,input_tokens,output_tokens\n";
  for (int i = 0; i < models; ++i) text += fmt::format("2026-01-{:02},m{},1,0,0\n", i + 1, i);
  CsvReader csv = *CsvReader::FromText("t.csv", text);
  return *imports::MakeInferenceReports(
      csv, {.source = "billing", .window_nanos = kDay, .every_nanos = {}});
}

class ImportAgainTest : public testing::Test {
 protected:
  ImportAgainTest() {
    grpc::ServerBuilder builder;
    builder.RegisterService(&daemon_);
    server_ = builder.BuildAndStart();
    client_ = std::make_unique<ImportClient>(server_->InProcessChannel({}), "here",
                                             std::chrono::seconds(20));
    limits_.reports = 2;
  }
  ~ImportAgainTest() override { server_->Shutdown(); }

  // The fates; the `stop_after`-th question whether to stop is answered with yes.
  std::vector<Fate> Run(int stop_after = INT_MAX) {
    told_.clear();
    ImportSender sender(
        *client_, plan_, limits_, [&](milliseconds) { return --stop_after < 0; },
        [&](const ImportSender& at) { rows_ = at.settled_rows(); },
        [&](const RejectedReport& rejected) {
          told_.push_back(rejected.index);
          return absl::OkStatus();
        });
    const absl::Status status = sender.Run();
    EXPECT_TRUE(status.ok() || absl::IsCancelled(status)) << status;
    return sender.fates();
  }
  void ExpectCountedOnce(size_t models) {
    const auto counted = daemon_.counted();
    EXPECT_EQ(counted.size(), models);
    for (const auto& [model, times] : counted) EXPECT_EQ(times, 1) << model;
  }

  const imports::ImportBatch plan_ = PlanOfModels(6);
  ImportLimits limits_;
  ManyStreams daemon_;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<ImportClient> client_;
  std::vector<size_t> told_;
  int64_t rows_ = 0;
};

constexpr auto kCounted = Fate::kCounted;
constexpr auto kBefore = Fate::kBefore;
constexpr auto kRejected = Fate::kRejected;

TEST_F(ImportAgainTest, SendsWhatWasRejectedAndNothingElse) {
  daemon_.Reject({"m1", "m4"});
  EXPECT_THAT(Run(), ElementsAre(kCounted, kRejected, kCounted, kCounted, kRejected, kCounted));
  EXPECT_THAT(told_, ElementsAre(1, 4));
  EXPECT_THAT(Run(), ElementsAre(kBefore, kRejected, kBefore, kBefore, kRejected, kBefore))
      << "nothing has changed";
  EXPECT_THAT(told_, ElementsAre(1, 4));
  EXPECT_EQ(rows_, 6);
  daemon_.Reject({"m4"});
  EXPECT_THAT(Run(), ElementsAre(kBefore, kCounted, kBefore, kBefore, kRejected, kBefore));
  EXPECT_THAT(told_, ElementsAre(4));
  daemon_.Reject({});
  EXPECT_THAT(Run(), ElementsAre(kBefore, kBefore, kBefore, kBefore, kCounted, kBefore));
  EXPECT_THAT(Run(), Each(kBefore));
  EXPECT_THAT(told_, IsEmpty());
  ExpectCountedOnce(6);
}

TEST_F(ImportAgainTest, AnImportThatWasStoppedOnTheWayGoesOn) {
  daemon_.Reject({"m0", "m1", "m5"});
  for (int stop_after = 1; stop_after < 8; ++stop_after) {
    const std::vector<Fate> fates = Run(stop_after);
    EXPECT_NE(fates[0], kBefore) << "looks done after " << stop_after;
    EXPECT_NE(fates[1], kBefore) << "looks done after " << stop_after;
  }
  daemon_.Reject({});
  for (int stop_after = 1; stop_after < 20; ++stop_after) Run(stop_after);
  EXPECT_THAT(Run(), Each(kBefore));
  ExpectCountedOnce(6);
}

}  // namespace
}  // namespace fleetmeter::ctl
