#include "daemon/ledger/tools/verify.h"

#include <fstream>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/ledger/ledger_fixture.h"

namespace fleetmeter {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

// Books with hours, days and quarters.
class VerifyTest : public testing::Test {
 protected:
  void SetUp() override {
    auto options = LedgerOptions(path_);
    options.keep_hours_nanos = 5 * kDay;
    options.keep_sources_nanos = 400 * kDay;
    TransactionMaker maker(31);
    auto ledger = OpenLedger(options);
    for (int i = 0; i < 60; ++i) {
      const LedgerTransaction transaction = maker.Next(10 * kHour);
      ASSERT_TRUE(ledger->Commit(transaction).ok());
      maker.Committed(transaction);
      for (int j = 0; j < 4; ++j) ASSERT_TRUE(ledger->Maintain(maker.now()).ok());
    }
  }

  std::vector<std::string> Findings() {
    const auto report = VerifyLedger(path_);
    EXPECT_TRUE(report.ok()) << report.status();
    return report.ok() ? report->findings : std::vector<std::string>{};
  }

  TempFolder folder_;
  std::string path_ = folder_.PathOf("books");
};

TEST_F(VerifyTest, FindsNothingInSoundBooks) {
  const auto report = VerifyLedger(path_);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_THAT(report->findings, IsEmpty());
  EXPECT_GT(report->reports, 100);
  EXPECT_GT(report->streams, 10);
  EXPECT_GT(report->sources, 10);
  EXPECT_GT(report->hour_rows, 10);
  EXPECT_GT(report->day_rows, 10);
  EXPECT_GT(report->quarter_rows, 1);
  EXPECT_GT(report->inference_rows, 10);
  EXPECT_GT(report->training_rows, 10);
  EXPECT_GT(report->benchmark_rows, 10);
  EXPECT_GT(report->corrections, 10);
  ASSERT_TRUE(report->used && report->booked);
  EXPECT_GT(report->used->from, 0);
  EXPECT_LT(report->used->from, report->used->to);
  EXPECT_LE(report->used->from, report->booked->from);
}

TEST_F(VerifyTest, FindsASingleChipNanosecond) {
  Tamper(path_, "UPDATE totals SET busy_ns = (busy_ns + 1) % 1000000000 WHERE cell_id = 1");
  EXPECT_THAT(Findings(), Contains(HasSubstr("totals of cell 1 differ")));
}

struct Tampering {
  const char* what;
  const char* sql;
  const char* finding;
};

TEST_F(VerifyTest, FindsEveryKindOfTampering) {
  const Tampering tamperings[] = {
      {"an hour that is open is raised",
       "UPDATE usage_hours SET chips_s = chips_s + 1 WHERE hour_start = "
       "(SELECT max(hour_start) FROM usage_hours)",
       "totals of cell"},
      {"an hour that is rolled up is raised",
       "UPDATE usage_hours SET chips_s = chips_s + 1 WHERE hour_start = "
       "(SELECT min(hour_start) FROM usage_hours WHERE hour_start >= "
       "(SELECT hours_from FROM rollup)) AND hour_start < (SELECT days_through FROM rollup)",
       "differs from its hours"},
      {"a day is raised",
       "UPDATE usage_days SET busy_ns = 0, busy_s = busy_s + 1 WHERE day_start = "
       "(SELECT min(day_start) FROM usage_days)",
       "differ"},
      {"a day is removed",
       "DELETE FROM usage_days WHERE day_start = (SELECT max(day_start) FROM usage_days "
       "WHERE day_start < (SELECT days_through FROM rollup))",
       "differ"},
      {"a quarter is raised", "UPDATE usage_quarters SET chips_s = chips_s + 1",
       "differs from its "
       "days"},
      {"a total goes", "DELETE FROM totals WHERE cell_id = 1", "refers to a row of totals"},
      {"an amount below nothing", "UPDATE totals SET chips_s = -5 WHERE cell_id = 1",
       "chips below nothing"},
      {"more busy than there is", "UPDATE totals SET busy_s = measured_s + 1 WHERE cell_id = 1",
       "more busy than measured"},
      {"more history than there is",
       "UPDATE history_totals SET chips_s = (SELECT chips_s + 1 FROM totals AS t WHERE "
       "t.cell_id = history_totals.cell_id)",
       "history_totals has more than totals in cell"},
      {"more history of a model than there is",
       "UPDATE model_usage_history SET chips_s = (SELECT chips_s + 1 FROM model_usage_totals AS t "
       "WHERE t.cell_id = model_usage_history.cell_id)",
       "model_usage_history has more than model_usage_totals in cell"},
      {"history of no cell",
       "INSERT INTO history_totals SELECT 99999, chips_s, chips_ns, busy_s, busy_ns, "
       "productive_s, productive_ns, measured_s, measured_ns, productive_measured_s, "
       "productive_measured_ns FROM totals LIMIT 1",
       "refers to a row of totals"},
      {"usage of a time that is none",
       "UPDATE usage_hours SET corrects_hour = 60 WHERE hour_start = "
       "(SELECT max(hour_start) FROM usage_hours)",
       "usage_hours has usage of a time 60 that is none"},
      {"usage that no time of use finds",
       "UPDATE usage_hours SET corrects_hour = -3600 WHERE hour_start = "
       "(SELECT max(hour_start) FROM usage_hours WHERE chips_s > 0)",
       "usage_hours adds up to something else by the time of use"},
      {"a stream goes back", "UPDATE streams SET sequence = sequence - 1 WHERE stream_row = 1",
       "streams have settled"},
      {"a counter is raised", "UPDATE counters SET reports = reports + 1 WHERE result = 'accepted'",
       "streams have settled"},
      {"a workload goes", "DELETE FROM workloads WHERE workload_id = 1", "name a workload"},
      {"a conversion goes", "DELETE FROM conversions WHERE conversion_id = 1",
       "refers to a row of conversions"},
      {"a gap beyond what was counted", "UPDATE sources SET gaps = '[[1,2]]' WHERE source_row = 1",
       "with gaps [[1,2]]"},
      {"gaps that are not any", "UPDATE sources SET gaps = 'none' WHERE source_row = 1",
       "with gaps none"},
      {"a holding of nobody", "UPDATE holdings SET source_row = 99999 WHERE source_row = 1",
       "refers to a row of sources"},
      {"a holding below nothing", "UPDATE holdings SET micro_chips = -1", "holds less than no"},
      {"marks that contradict each other", "UPDATE rollup SET closed_through = 0",
       "how far rolling up has come"},
      {"activity that cannot be", "UPDATE activity SET at_most_5 = at_most_100 + 1",
       "counts that cannot be"},
      {"a term goes", "DELETE FROM allocation_grants; DELETE FROM allocation_terms WHERE term = 0",
       "allocation terms"},
      {"what was served is raised on a day",
       "UPDATE inference_days SET output_tokens = output_tokens + 1 WHERE day_start = "
       "(SELECT min(day_start) FROM inference_days)",
       "of segment_totals differs from the sum of its inference_days"},
      {"a total of revenue is raised",
       "UPDATE segment_totals SET revenue_micro_usd = revenue_micro_usd + 1 WHERE segment_id = 1",
       "row 1 of segment_totals differs"},
      {"what was corrected passes for reported",
       "UPDATE inference_days SET correction_row = 0 WHERE correction_row <> 0 AND requests <> 0",
       "of segment_totals differs"},
      {"requests below nothing",
       "UPDATE segment_totals SET corrected_requests = -requests - 1 WHERE segment_id = 1",
       "segment_totals has requests below nothing in row 1"},
      {"a report of less than nothing",
       "UPDATE inference_days SET requests = -1 WHERE correction_row = 0",
       "inference_days reports requests below nothing"},
      {"a segment goes", "DELETE FROM segment_totals WHERE segment_id = 1",
       "refers to a row of segment_totals"},
      {"a server goes", "DELETE FROM inference_servers WHERE server_id = 1",
       "refers to a row of inference_servers"},
      {"a day of training is raised", "UPDATE training_days SET h100e_seconds = h100e_seconds + 1",
       "of training_totals differs from the sum of its training_days"},
      {"a run's total is lowered",
       "UPDATE training_totals SET h100e_seconds = h100e_seconds - 1 WHERE training_id = 1",
       "row 1 of training_totals differs"},
      {"a run goes", "DELETE FROM training_totals WHERE training_id = 1",
       "refers to a row of training_totals"},
      {"a phase that is none", "UPDATE training_totals SET phase = 'mid' WHERE training_id = 1",
       "is of a phase mid"},
      {"a correction goes",
       "DELETE FROM outcome_corrections WHERE correction_row IN "
       "(SELECT correction_row FROM inference_days)",
       "inference_days has a correction"},
      {"a correction of another's books",
       "UPDATE outcome_corrections SET source_row = source_row % 3 + 1, correction = "
       "correction_row",
       "or of another source"},
      {"a source of outcomes goes", "DELETE FROM outcome_sources WHERE source_row = 1",
       "refers to a row of outcome_sources"},
      {"outcomes of a gap beyond what was counted",
       "UPDATE outcome_sources SET gaps = '[[1,2]]' WHERE kind = 'training'", "of training counts"},
      {"outcomes of a kind that is none", "UPDATE outcome_sources SET kind = 'k' || source_row",
       "reports outcomes of a kind k1"},
      {"a day that is none", "UPDATE training_days SET booked_day_start = booked_day_start + 1",
       "training_days has a day that starts at"},
      {"a result loses its score",
       "UPDATE benchmark_results SET score = NULL WHERE correction_row = 0",
       "has no score and is no correction"},
      {"a result of nobody", "UPDATE benchmark_results SET source_row = 9999",
       "refers to a row of outcome_sources"},
      {"a model's chip-time is raised on a day",
       "UPDATE model_usage_days SET chips_s = chips_s + 1 WHERE cell_id = 1",
       "row 1 of model_usage_totals differs"},
      {"a model's chip-time is lowered in all",
       "UPDATE model_usage_totals SET busy_ns = (busy_ns + 1) % 1000000000 WHERE cell_id = 1",
       "row 1 of model_usage_totals differs"},
      {"a model has more than its pool",
       "UPDATE model_usage_totals SET chips_s = chips_s + 1000000000; "
       "UPDATE model_usage_days SET chips_s = chips_s + 1000000000",
       "has more than was assigned there"},
      {"a model has more than its pool on a day",
       "UPDATE OR IGNORE model_usage_days SET day_start = "
       "(SELECT max(day_start) FROM model_usage_days) WHERE chips_s > 0",
       "on the day that starts at"},
      {"a cell of model usage goes", "DELETE FROM model_usage_totals WHERE cell_id = 1",
       "refers to a row of model_usage_totals"},
      {"the identity goes", "DELETE FROM ledger_info", "0 identities"},
  };
  const std::string sound = folder_.PathOf("sound");
  const auto copy = [](const std::string& from, const std::string& to) {
    std::ifstream in(from, std::ios::binary);
    std::ofstream out(to, std::ios::binary | std::ios::trunc);
    out << in.rdbuf();
  };
  copy(path_, sound);
  for (const Tampering& tampering : tamperings) {
    copy(sound, path_);
    Tamper(path_, tampering.sql);
    EXPECT_THAT(Findings(), Contains(HasSubstr(tampering.finding))) << tampering.what;
  }
}

TEST_F(VerifyTest, FindsADamagedPage) {
  const int64_t page =
      ReadInteger(path_, "SELECT rootpage FROM sqlite_schema WHERE name = 'totals'");
  {
    std::fstream file(path_, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(4096 * (page - 1) + 20);
    file << std::string(3'000, '\x55');
  }
  const auto report = VerifyLedger(path_);
  // Either the damage is described, or it is such that nothing can be read.
  if (report.ok()) {
    EXPECT_THAT(report->findings, Not(IsEmpty()));
  } else {
    EXPECT_EQ(report.status().code(), absl::StatusCode::kDataLoss) << report.status();
  }
}

TEST_F(VerifyTest, SaysWhatCannotBeVerified) {
  EXPECT_EQ(VerifyLedger(folder_.PathOf("nothing")).status().code(), absl::StatusCode::kNotFound);
  std::ofstream(folder_.PathOf("text")) << "this is not a ledger at all";
  EXPECT_THAT(std::string(VerifyLedger(folder_.PathOf("text")).status().message()),
              HasSubstr("is not a ledger"));
}

}  // namespace
}  // namespace fleetmeter
