// fleetmeterctl import usage --correct on a real daemon: restated, grown and rolling files of
// history, kills in between, and what report, verify and /metrics say afterwards.
#include <chrono>
#include <stdexcept>

#include "daemon/ledger/sqlite/ledger_file.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "grpcpp/grpcpp.h"
#include "tests/support/daemon_fixture.h"
#include "tests/support/scrape.h"

namespace fleetmeter::e2e {
namespace {

using testing::HasSubstr;

struct SaidOfUsage {
  int exit_code = -1;
  std::string out;
  std::string error;
};

class UsageCorrectionsTest : public testing::Test {
 protected:
  UsageCorrectionsTest() {
    settings_.more = "ledger: {path: " + files_.PathOf("ledger.db") + "}\n";
    daemon_ = std::make_unique<Daemon>(settings_);
  }

  SaidOfUsage Run(std::vector<std::string> arguments) {
    const std::string group = arguments.front();
    arguments.insert(arguments.begin(), BinaryPath("daemon/fleetmeterctl"));
    if (group == "import") arguments.push_back("--ingest-address=" + daemon_->ingest_address());
    if (group == "report") arguments.push_back("--ledger=" + files_.PathOf("ledger.db"));
    const auto ctl = ChildProcess::Start(arguments);
    if (!ctl.ok()) throw std::runtime_error(ctl.status().ToString());
    const int code = (*ctl)->Wait(std::chrono::seconds(60)).value_or(-1);
    return {code, (*ctl)->Stdout(), (*ctl)->Stderr()};
  }
  SaidOfUsage Import(const std::string& rows, const std::vector<std::string>& more) {
    files_.Write("usage.csv",
                 "start,end,chip,pool,team,signal,chip_hours,busy_chip_hours\n" + rows);
    std::vector<std::string> command = {"import", "usage", files_.PathOf("usage.csv"), "--source",
                                        "billing"};
    command.insert(command.end(), more.begin(), more.end());
    return Run(std::move(command));
  }
  SaidOfUsage Correct(const std::string& rows, std::vector<std::string> more = {}) {
    more.insert(more.end(), {"--correct", "--reason", "recount", "--yes"});
    return Import(rows, more);
  }
  // A row of a day, of a pool and team that the daemon of the tests has.
  static std::string Day(int day, const std::string& hours, const std::string& busy) {
    return fmt::format("2025-03-{:02d},2025-03-{:02d},{},{},{},dcgm,{},{}\n", day, day + 1, kChip,
                       kPool, kTeam, hours, busy);
  }

  int64_t Integer(const std::string& sql) {
    const auto ledger = OpenLedgerToRead(files_.PathOf("ledger.db"));
    if (!ledger.ok()) throw std::runtime_error(ledger.status().ToString());
    return (*ledger)->Integer(sql).value();
  }
  // In the books, in seconds: all, and those of a day of use.
  int64_t ChipSeconds() { return Integer("SELECT coalesce(sum(chips_s), 0) FROM hours"); }
  int64_t BusySeconds() { return Integer("SELECT coalesce(sum(busy_s), 0) FROM hours"); }
  int64_t Entries() {
    return Integer("SELECT count(*) FROM admin_entries WHERE action = 'correct_usage'");
  }
  void ExpectSound() {
    const SaidOfUsage verified = Run({"ledger", "verify", "--ledger", files_.PathOf("ledger.db")});
    EXPECT_EQ(verified.exit_code, 0) << verified.out << verified.error;
  }

  static constexpr char kChip[] = "h100";
  static constexpr char kPool[] = "serving";
  static constexpr char kTeam[] = "chat";
  const TempFolder files_;
  DaemonSettings settings_;
  std::unique_ptr<Daemon> daemon_;
};

TEST_F(UsageCorrectionsTest, RestatedDaysAreShownAskedForAndBookedOnce) {
  ASSERT_EQ(Import(Day(1, "24", "12") + Day(2, "48", "24"), {}).exit_code, 0);
  const std::string restated = Day(1, "24", "12") + Day(2, "36", "30") + Day(3, "24", "1");
  // Nobody can be asked.
  const SaidOfUsage asked = Import(restated, {"--correct", "--reason", "recount"});
  EXPECT_EQ(asked.exit_code, 4) << asked.out << asked.error;
  EXPECT_THAT(asked.error, HasSubstr("--yes"));
  EXPECT_THAT(asked.out, HasSubstr("2025-03-02"));
  EXPECT_THAT(asked.out, HasSubstr("-12"));
  EXPECT_EQ(ChipSeconds(), 72 * 3'600);
  const SaidOfUsage shown = Import(restated, {"--correct", "--dry-run"});
  EXPECT_EQ(shown.exit_code, 0) << shown.out << shown.error;
  EXPECT_THAT(shown.out, HasSubstr("+6"));
  EXPECT_EQ(ChipSeconds(), 72 * 3'600);
  for (int time = 0; time < 2; ++time) {
    const SaidOfUsage booked = Correct(restated);
    EXPECT_EQ(booked.exit_code, 0) << booked.out << booked.error;
    EXPECT_EQ(ChipSeconds(), 84 * 3'600);
    EXPECT_EQ(BusySeconds(), 43 * 3'600);
    EXPECT_EQ(Entries(), 1);
  }
  EXPECT_EQ(Integer("SELECT count(*) FROM admin_entries WHERE identity = 'local' AND "
                    "reason = 'recount' AND source = 'billing' AND chips_s = -43200 AND "
                    "busy_s = 21600"),
            1);
  ExpectSound();
}

TEST_F(UsageCorrectionsTest, ReportHasTheCorrectionByTheTimeOfUseAndByBooking) {
  ASSERT_EQ(Import(Day(1, "24", "12"), {}).exit_code, 0);
  ASSERT_EQ(Correct(Day(1, "12", "12")).exit_code, 0);
  const SaidOfUsage by_use =
      Run({"report", "--from", "2025-03-01", "--to", "2025-03-02", "--output", "csv"});
  EXPECT_EQ(by_use.exit_code, 0) << by_use.error;
  EXPECT_THAT(by_use.out, HasSubstr(kPool));
  EXPECT_EQ(Integer("SELECT sum(chips_s) FROM hours WHERE corrects_hour BETWEEN "
                    "unixepoch('2025-03-01') AND unixepoch('2025-03-02') - 1"),
            12 * 3'600);
  // The daemon's counters speak of the present, and have nothing of it.
  EXPECT_EQ(daemon_->ScrapeMetrics()
                .Value("fleetmeter_pool_assigned_chip_seconds_total", {{"pool", kPool}})
                .value_or(0),
            0);
  ExpectSound();
}

TEST_F(UsageCorrectionsTest, ARollingExportIsANormalCase) {
  ASSERT_EQ(Import(Day(1, "24", "12") + Day(2, "48", "24"), {}).exit_code, 0);
  const SaidOfUsage next = Import(Day(2, "48", "24") + Day(3, "24", "1"), {});
  EXPECT_EQ(next.exit_code, 0) << next.out << next.error;
  EXPECT_THAT(next.out, HasSubstr("unchanged: the books say the same already: 1 row in 1"));
  // A day that was restated is not passed over.
  const SaidOfUsage told = Import(Day(2, "40", "24") + Day(3, "24", "1"), {});
  EXPECT_EQ(told.exit_code, 4);
  EXPECT_THAT(told.error, HasSubstr("--correct --reason"));
  EXPECT_EQ(ChipSeconds(), 96 * 3'600);
}

TEST_F(UsageCorrectionsTest, RowsThatAreGoneStayUnlessTheFileIsTheWholeTruth) {
  ASSERT_EQ(Import(Day(1, "24", "12") + Day(2, "48", "24"), {}).exit_code, 0);
  EXPECT_EQ(Correct(Day(1, "24", "12")).exit_code, 0);
  EXPECT_EQ(ChipSeconds(), 72 * 3'600);
  EXPECT_EQ(Entries(), 0);
  EXPECT_EQ(Correct(Day(1, "24", "12"), {"--from", "2025-03-01", "--to", "2025-03-03"}).exit_code,
            0);
  EXPECT_EQ(ChipSeconds(), 24 * 3'600);
  EXPECT_EQ(Entries(), 1);
  ExpectSound();
}

TEST_F(UsageCorrectionsTest, AKillInBetweenLosesAndDoublesNothing) {
  ASSERT_EQ(Import(Day(1, "24", "12") + Day(2, "48", "24"), {}).exit_code, 0);
  ASSERT_EQ(Correct(Day(1, "20", "12") + Day(2, "48", "24")).exit_code, 0);
  daemon_ = nullptr;
  daemon_ = std::make_unique<Daemon>(settings_);
  const SaidOfUsage again = Correct(Day(1, "20", "12") + Day(2, "40", "24"));
  EXPECT_EQ(again.exit_code, 0) << again.out << again.error;
  EXPECT_EQ(ChipSeconds(), 60 * 3'600);
  EXPECT_EQ(Entries(), 2);
  ExpectSound();
}

// The call itself, without the program that makes it.
TEST_F(UsageCorrectionsTest, TheCallBooksNothingThatWasNotAgreedTo) {
  ASSERT_EQ(Import(Day(1, "24", "12"), {}).exit_code, 0);
  v1::CorrectUsageRequest request;
  request.set_source("billing");
  request.set_reason("recount");
  v1::UsageReport& report = *request.add_reports();
  report.set_source("billing");
  report.set_window_start_unix_nanos(1'740'787'200'000'000'000);  // 2025-03-01
  report.set_window_length_nanos(86'400'000'000'000);
  v1::UsageGroup& group = *report.add_groups();
  group.set_chip(kChip);
  group.set_state(v1::CHIP_STATE_ASSIGNED);
  group.set_pool(kPool);
  group.set_team(kTeam);
  group.set_signal("dcgm");
  group.mutable_sums()->set_chip_nanos(12 * 3'600'000'000'000);
  group.mutable_sums()->set_busy_chip_nanos(3'600'000'000'000);
  const auto ask = [&](const v1::CorrectUsageRequest& asked, v1::CorrectUsageResponse* answer) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
    return daemon_->ingest().CorrectUsage(&context, asked, answer).error_code();
  };
  v1::CorrectUsageResponse answer;
  v1::CorrectUsageRequest unagreed = request;
  unagreed.set_agreed_digest(1);
  EXPECT_EQ(ask(unagreed, &answer), grpc::StatusCode::FAILED_PRECONDITION);
  v1::CorrectUsageRequest unreasoned = request;
  unreasoned.clear_reason();
  EXPECT_EQ(ask(unreasoned, &answer), grpc::StatusCode::INVALID_ARGUMENT);
  v1::CorrectUsageRequest twice = request;
  *twice.add_reports() = report;
  EXPECT_EQ(ask(twice, &answer), grpc::StatusCode::INVALID_ARGUMENT);
  v1::CorrectUsageRequest unknown = request;
  unknown.mutable_reports(0)->mutable_groups(0)->set_pool("nowhere");
  EXPECT_EQ(ask(unknown, &answer), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(ChipSeconds(), 24 * 3'600);
  v1::CorrectUsageRequest preview = request;
  preview.set_preview(true);
  ASSERT_EQ(ask(preview, &answer), grpc::StatusCode::OK);
  EXPECT_NE(answer.digest(), 0U);
  EXPECT_EQ(answer.entry_number(), 0);
  ASSERT_EQ(answer.standings_size(), 1);
  EXPECT_EQ(answer.standings(0), v1::CorrectUsageResponse::CHANGED);
  ASSERT_EQ(answer.differences_size(), 1);
  EXPECT_EQ(answer.differences(0).chips_after().seconds(), 12 * 3'600);
  EXPECT_EQ(Entries(), 0);
  request.set_agreed_digest(answer.digest());
  for (int time = 0; time < 2; ++time) {
    answer.Clear();
    ASSERT_EQ(ask(request, &answer), grpc::StatusCode::OK);
    EXPECT_EQ(answer.nothing_to_do(), time == 1);
    EXPECT_EQ(ChipSeconds(), 12 * 3'600);
    EXPECT_EQ(Entries(), 1);
  }
}

// A window without its refused row would say less than it does.
TEST_F(UsageCorrectionsTest, AFileWithRefusedRowsIsNotCompared) {
  ASSERT_EQ(Import(Day(1, "24", "12"), {}).exit_code, 0);
  const SaidOfUsage told = Correct(Day(1, "20", "12") + Day(2, "1", "2"));
  EXPECT_EQ(told.exit_code, 4) << told.out;
  EXPECT_THAT(told.error, HasSubstr("mend those rows first"));
  EXPECT_EQ(ChipSeconds(), 24 * 3'600);
  EXPECT_EQ(Entries(), 0);
}

TEST_F(UsageCorrectionsTest, AWrongCallSaysWhatIsExpected) {
  const SaidOfUsage silent = Import(Day(1, "1", "1"), {"--correct"});
  EXPECT_EQ(silent.exit_code, 2);
  EXPECT_THAT(silent.error, HasSubstr("--reason"));
  const SaidOfUsage added = Import(Day(1, "1", "1"), {"--correct", "--add", "--reason", "x"});
  EXPECT_EQ(added.exit_code, 2);
  EXPECT_THAT(added.error, HasSubstr("--add"));
  ASSERT_EQ(Import(Day(1, "24", "12"), {"--dry-run"}).exit_code, 0);  // writes the file
  const SaidOfUsage unnamed =
      Run({"import", "usage", files_.PathOf("usage.csv"), "--correct", "--reason", "x"});
  EXPECT_NE(unnamed.exit_code, 0);
  EXPECT_THAT(unnamed.error, HasSubstr("--source NAME"));
}

}  // namespace
}  // namespace fleetmeter::e2e
