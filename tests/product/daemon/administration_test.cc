// fleetmeterctl source and reprice beside a real daemon: what a person states holds, also after the
// daemon was killed, and its entry says who and why.
#include <csignal>

#include "daemon/ledger/sqlite/ledger_file.h"
#include "gmock/gmock.h"
#include "tests/support/daemon_fixture.h"
#include "tests/support/reports.h"

namespace fleetmeter::e2e {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr int64_t kMoment = kSecond / 10;

constexpr char kPricesBefore[] =
    "version: 1\n"
    "prices:\n"
    "  - {model: atlas, effective_from: 2024-01-01, input: 5.00, output: 25.00}\n";
constexpr char kPricesAfter[] =
    "version: 2\n"
    "prices:\n"
    "  - {model: atlas, effective_from: 2024-01-01, input: 5.00, output: 25.00}\n"
    "  - {model: nova, effective_from: 2024-01-01, input: 5.00, output: 25.00}\n";
constexpr char kRequests[] =
    "start,end,model,customer_tier,requests,input_tokens,output_tokens\n"
    "2025-11-20,2025-11-21,nova,pro,100,1000000,100000\n";

struct Said {
  int exit_code = -1;
  std::string out;
  std::string error;
};

class DecisionsTest : public testing::Test {
 protected:
  DecisionsTest() {
    files_.Write("prices.yaml", kPricesBefore);
    settings_.live = {"silent_after: 3s", "forget_after: 4s"};
    settings_.listen = {"admin: 127.0.0.1:0"};
    settings_.more = "ledger: {path: " + LedgerPath() +
                     "}\noutcomes: {prices: " + files_.PathOf("prices.yaml") +
                     ", refresh: 100ms}\n";
    daemon_ = std::make_unique<Daemon>(settings_);
  }

  std::string LedgerPath() const { return files_.PathOf("ledger.db"); }

  Said Run(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), BinaryPath("daemon/fleetmeterctl"));
    const auto ctl = ChildProcess::Start(arguments);
    if (!ctl.ok()) throw std::runtime_error(ctl.status().ToString());
    const int code = (*ctl)->Wait(std::chrono::seconds(60)).value_or(-1);
    return {code, (*ctl)->Stdout(), (*ctl)->Stderr()};
  }
  // A command that asks the admin listener.
  Said Admin(std::vector<std::string> arguments) {
    arguments.push_back("--admin-address=" + daemon_->admin_address());
    return Run(std::move(arguments));
  }
  void Restart() {
    daemon_->Kill();
    daemon_ = std::make_unique<Daemon>(settings_);
  }

  // Four h100 of pool serving, for a moment before now.
  int Report(const std::string& source) {
    StreamClient client(daemon_->ingest());
    EXPECT_TRUE(client.Open());
    v1::UsageReport report;
    report.set_source(source);
    report.set_window_start_unix_nanos(NowNanos() - kMoment);
    report.set_window_length_nanos(kMoment);
    AddAssigned(report, "serving", "chat", {0.5, 0.5, 0.5, 0.5});
    return client.Settle({Numbered(report, 1)}).dispositions_size();
  }
  double Unaccounted() const {
    return daemon_->ScrapeMetrics()
        .Value("fleetmeter_supply_chips", {{"chip", "h100"}, {"state", "unaccounted"}})
        .value_or(-1);
  }
  bool AwaitState(const std::string& source, const std::string& state) {
    return Eventually([&] {
      const Said said = Admin({"source", "list", "--state=" + state, "--output=csv"});
      return said.exit_code == 0 && said.out.find(source + "," + state) != std::string::npos;
    });
  }

  const TempFolder files_;
  DaemonSettings settings_;
  std::unique_ptr<Daemon> daemon_;
};

TEST_F(DecisionsTest, AForgottenHostStaysForgottenAfterAKill) {
  ASSERT_EQ(Report("gpu-17"), 0);
  EXPECT_EQ(Admin({"source", "forget", "gpu-71", "--reason=typo"}).exit_code, 1);
  ASSERT_TRUE(AwaitState("gpu-17", "unaccounted"));
  EXPECT_DOUBLE_EQ(Unaccounted(), 4);
  const Said said = Admin({"source", "forget", "gpu-17", "--reason=returned to the vendor"});
  EXPECT_EQ(said.exit_code, 0) << said.error;
  EXPECT_THAT(said.out, HasSubstr("entry 1: gpu-17: 4 chips are gone"));
  EXPECT_DOUBLE_EQ(Unaccounted(), 0);
  const Said again = Admin({"source", "forget", "gpu-17", "--reason=returned to the vendor"});
  EXPECT_EQ(again.exit_code, 0) << again.error;
  EXPECT_THAT(again.out, HasSubstr("nothing was left to do: entry 1 of "));
  Restart();
  EXPECT_TRUE(AwaitState("gpu-17", "forgotten"));
  EXPECT_LE(Unaccounted(), 0);
  const Said entries = Run({"ledger", "entries", "--ledger=" + LedgerPath()});
  EXPECT_EQ(entries.exit_code, 0) << entries.error;
  for (const char* part : {"local", "forget", "returned to the vendor"}) {
    EXPECT_THAT(entries.out, HasSubstr(part));
  }
  EXPECT_EQ(Run({"ledger", "verify", "--ledger=" + LedgerPath()}).exit_code, 0);
}

TEST_F(DecisionsTest, ARenamedHostIsOneSourceAfterAKill) {
  ASSERT_EQ(Report("gpu-17"), 0);
  ASSERT_TRUE(AwaitState("gpu-17", "unaccounted"));
  ASSERT_EQ(Report("gpu-17.east"), 0);
  const Said unknown =
      Admin({"source", "rename", "gpu-17", "gpu-17.west", "--reason=long names now"});
  EXPECT_EQ(unknown.exit_code, 1);
  EXPECT_THAT(unknown.error, HasSubstr("gpu-17.east"));
  const Said said = Admin({"source", "rename", "gpu-17", "gpu-17.east", "--reason=long names now"});
  EXPECT_EQ(said.exit_code, 0) << said.error;
  EXPECT_THAT(said.out, HasSubstr("gpu-17 is gpu-17.east now"));
  EXPECT_DOUBLE_EQ(Unaccounted(), 0);
  Restart();
  EXPECT_THAT(Admin({"source", "list"}).out, HasSubstr("gpu-17.east"));
  // Under its old name it is the same host.
  EXPECT_TRUE(Eventually([&] {
    Report("gpu-17");
    const std::string sources = Admin({"source", "list", "--output=csv"}).out;
    EXPECT_THAT(sources, Not(HasSubstr("\ngpu-17,")));
    return sources.find("\ngpu-17.east,live,") != std::string::npos;
  }));
  EXPECT_EQ(Run({"ledger", "verify", "--ledger=" + LedgerPath()}).exit_code, 0);
}

TEST_F(DecisionsTest, LatePricesAreBookedAsACorrection) {
  files_.Write("requests.csv", kRequests);
  const Said imported = Run({"import", "inference", files_.PathOf("requests.csv"), "--source=gw",
                             "--ingest-address=" + daemon_->ingest_address()});
  ASSERT_EQ(imported.exit_code, 0) << imported.error;
  const std::vector<std::string> reprice = {"reprice", "--from=2025-11-01", "--to=2025-12-01",
                                            "--reason=nova has a price now", "--yes"};
  const Said before = Admin(reprice);
  EXPECT_EQ(before.exit_code, 0) << before.error;
  EXPECT_THAT(before.out, HasSubstr("100 requests of model nova, customer tier pro, stay"));

  files_.Write("prices.yaml", kPricesAfter);
  ASSERT_EQ(Admin({"admin", "reload"}).exit_code, 0);
  // Also where nothing is left to book.
  const Said empty = Admin({"reprice", "--from=2025-10-01", "--to=2025-10-02", "--reason", ""});
  EXPECT_EQ(empty.exit_code, 2) << empty.out;
  EXPECT_THAT(empty.error, HasSubstr("--reason"));
  std::vector<std::string> unasked = reprice;
  unasked.pop_back();
  const Said shown = Admin(unasked);
  EXPECT_EQ(shown.exit_code, 1) << "nobody could be asked";
  EXPECT_THAT(shown.out, HasSubstr("+$7.5"));
  const Said booked = Admin(reprice);
  EXPECT_EQ(booked.exit_code, 0) << booked.error;
  EXPECT_THAT(booked.out, HasSubstr("entry 1: 2025-11-01 to 2025-12-01, price book 0 to 2: +$7.5, "
                                    "100 requests priced"));
  EXPECT_THAT(Admin(reprice).out, HasSubstr("price book 2 changes nothing"));
  Restart();
  EXPECT_THAT(Admin(reprice).out, HasSubstr("price book 2 changes nothing"));
  EXPECT_EQ(Run({"ledger", "verify", "--ledger=" + LedgerPath()}).exit_code, 0);
  EXPECT_THAT(Run({"ledger", "entries", "--ledger=" + LedgerPath(), "--output=json"}).out,
              HasSubstr("\"revenue_micro_usd\": 7500000"));
}

// Two days before a new price and two after it, in one window.
TEST_F(DecisionsTest, AWindowOfSeveralDaysHasThePriceOfEachDay) {
  files_.Write("prices.yaml", std::string(kPricesAfter) +
                                  "  - {model: nova, effective_from: 2025-11-22, input: 10.00, "
                                  "output: 25.00}\n");
  ASSERT_EQ(Admin({"admin", "reload"}).exit_code, 0);
  files_.Write("requests.csv",
               "start,end,model,customer_tier,requests,input_tokens,output_tokens\n"
               "2025-11-20,2025-11-24,nova,pro,400,4000000,0\n");
  const Said imported = Run({"import", "inference", files_.PathOf("requests.csv"), "--source=gw",
                             "--ingest-address=" + daemon_->ingest_address()});
  ASSERT_EQ(imported.exit_code, 0) << imported.error;
  const auto ledger = OpenLedgerToRead(LedgerPath());
  ASSERT_TRUE(ledger.ok()) << ledger.status();
  const auto revenue = [&](const std::string& where) {
    return (*ledger)
        ->Integer("SELECT sum(revenue_micro_usd) FROM inference_days WHERE " + where)
        .value();
  };
  EXPECT_EQ(revenue("1"), 30'000'000);
  EXPECT_EQ(revenue("day_start = 1763596800"), 5'000'000) << "2025-11-20";
  EXPECT_EQ(revenue("day_start = 1763856000"), 10'000'000) << "2025-11-23";
  const Said repriced = Admin(
      {"reprice", "--from=2025-11-01", "--to=2025-12-01", "--reason=nothing has changed", "--yes"});
  EXPECT_EQ(repriced.exit_code, 0) << repriced.error;
  EXPECT_THAT(repriced.out, HasSubstr("price book 2 changes nothing"));
  EXPECT_EQ(Run({"ledger", "verify", "--ledger=" + LedgerPath()}).exit_code, 0);
}

}  // namespace
}  // namespace fleetmeter::e2e
