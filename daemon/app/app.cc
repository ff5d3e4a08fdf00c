#include "daemon/app/app.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <csignal>
#include <utility>

#include "daemon/accounting/writer.h"
#include "daemon/app/open_ledger.h"
#include "daemon/app/outcomes_part.h"
#include "daemon/app/pages.h"
#include "daemon/app/reload.h"
#include "daemon/app/security.h"
#include "daemon/app/service_manager.h"
#include "daemon/base/logging.h"
#include "daemon/base/version.h"
#include "daemon/config/load_config.h"
#include "daemon/ingest/ingest_service.h"
#include "daemon/serve/http/http_server.h"
#include "daemon/serve/listen/descriptors.h"
#include "daemon/serve/listen/grpc_listener.h"
#include "daemon/serve/listen/listener_check.h"
#include "daemon/serve/metrics/daemon_metrics.h"
#include "daemon/serve/query/admin_service.h"
#include "daemon/serve/query/plan_service.h"
#include "daemon/serve/query/query_service.h"

namespace fleetmeter {
namespace {

namespace asio = boost::asio;

constexpr auto kFileLook = std::chrono::seconds(1);
constexpr auto kFinalScrapeLook = std::chrono::milliseconds(20);
constexpr size_t kMaxWatches = 1'024;
constexpr auto kCheckPatience = std::chrono::seconds(5);
constexpr auto kCheckAtLeastEvery = std::chrono::seconds(10);
constexpr int64_t kWriterStuckNanos = 30 * kNanosPerSecond;

RateLimits RatesFrom(const RateConfig& rate) {
  return {.reports_per_second = static_cast<double>(rate.reports_per_second),
          .burst_reports = static_cast<double>(rate.burst_reports),
          .bytes_per_second = static_cast<double>(rate.bytes_per_second),
          .burst_bytes = static_cast<double>(rate.burst_bytes)};
}

}  // namespace

class App::Impl {
 public:
  explicit Impl(std::string config_path) : reloader_(std::move(config_path)) {}

  absl::Status Start();
  absl::Status Run();

  std::unique_ptr<GrpcListener> ingest_listener_;
  std::unique_ptr<GrpcListener> query_listener_;
  std::unique_ptr<GrpcListener> admin_listener_;  // may be absent
  std::unique_ptr<Watchdog> watchdog_;            // ends before what it watches
  std::unique_ptr<HttpServer> http_;

 private:
  absl::Status StartListeners();
  absl::Status StartAdmin(int descriptor_ceiling);
  void StartWatchdog();
  void WaitForSignal();
  void WaitForFileLook();
  v1::ReloadResponse Reload(const char* why) {
    return reloader_.Reload(why, {*security_, *writer_, metrics_, clock_});
  }
  absl::Status Stop();
  // Lets a scraper that comes regularly read the final state.
  void AwaitFinalScrape(std::chrono::steady_clock::time_point deadline);

  Reloader reloader_;
  const DaemonConfig& config_ = reloader_.config();
  const SystemClock clock_;
  DaemonMetrics metrics_{kVersion};
  std::unique_ptr<Ledger> ledger_;
  std::unique_ptr<Writer> writer_;
  std::unique_ptr<Security> security_;
  std::unique_ptr<IngestService> ingest_;
  std::unique_ptr<QueryService> query_;
  std::unique_ptr<PlanService> plan_;
  std::unique_ptr<OutcomesPart> outcomes_;
  std::unique_ptr<AdminService> admin_;
  Readiness readiness_;
  Scrapes scrapes_;
  std::atomic<const Watchdog*> watching_ = nullptr;
  asio::io_context io_{1};
  asio::signal_set signals_{io_, SIGTERM, SIGINT, SIGHUP};
  asio::steady_timer file_timer_{io_};
  absl::Status fatal_;  // why the daemon ends, if it is not asked to
};

absl::Status App::Impl::Start() {
  if (absl::Status status = reloader_.LoadFirst(); !status.ok()) return status;
  SetUpLogging(config_.log.level, config_.log.format);
  auto security = Security::Start(config_, metrics_.access(), clock_);
  if (!security.ok()) return security.status();
  security_ = *std::move(security);
  auto reference = LoadReferenceData(config_);
  if (!reference.ok()) return reference.status();
  metrics_.ReloadDone(true, clock_.UnixNanos());
  auto ledger = OpenLedger(config_);
  if (!ledger.ok()) return ledger.status();
  ledger_ = *std::move(ledger);
  spdlog::info("{}", ledger_->Describe());

  Writer::Options options;
  options.queue_reports = static_cast<size_t>(config_.ingest.queue_reports);
  options.commit_reports = static_cast<size_t>(config_.ingest.commit_reports);
  options.on_broken_ledger = [this](const absl::Status& status) {
    asio::post(io_, [this, status] {
      fatal_ = status;
      io_.stop();
    });
  };
  writer_ = std::make_unique<Writer>(
      std::move(options), SettingsFrom(config_, *std::move(reference)), clock_, *ledger_, metrics_);
  if (absl::Status status = writer_->Start(); !status.ok()) return status;
  return StartListeners();
}

absl::Status App::Impl::StartListeners() {
  ingest_ = std::make_unique<IngestService>(
      IngestLimits{
          .max_reports_per_batch = static_cast<size_t>(config_.ingest.max_reports_per_batch),
          .max_message_bytes = static_cast<size_t>(config_.ingest.max_message_bytes),
          .max_streams = static_cast<size_t>(config_.ingest.max_streams),
          .accept_replay = config_.ingest.accept_replay,
          .rate = RatesFrom(config_.ingest.rate)},
      *writer_, security_->access(), clock_, metrics_);
  query_ = std::make_unique<QueryService>(*writer_, security_->access(), kMaxWatches);
  plan_ = std::make_unique<PlanService>(*writer_, security_->access());
  outcomes_ = std::make_unique<OutcomesPart>(config_, *writer_, security_->access(), clock_);
  admin_ = std::make_unique<AdminService>(security_->access(), security_->audit(), [this] {
    asio::post(io_, [this] { admin_->AnswerReloads([this] { return Reload("asked by admin"); }); });
  });
  const DescriptorCeilings ceilings = PlanDescriptors();
  const GrpcLimits ingest_limits{
      .max_message_bytes = static_cast<int>(config_.ingest.max_message_bytes),
      .buffer_bytes = static_cast<size_t>(config_.ingest.buffer_bytes),
      .descriptor_ceiling = ceilings.ingest,
      .on_connection_refused = [this] { metrics_.ConnectionRefused("ingest"); }};
  const GrpcLimits query_limits{
      .descriptor_ceiling = ceilings.query,
      .on_connection_refused = [this] { metrics_.ConnectionRefused("query"); }};

  auto http = HttpServer::Start(config_.listen.http, MakePages({*writer_, metrics_, *outcomes_,
                                                                readiness_, scrapes_, watching_}));
  if (!http.ok()) return http.status();
  http_ = *std::move(http);
  auto query = GrpcListener::Start("listen.query", config_.listen.query,
                                   security_->MakeCredentials(), query_limits,
                                   {{*query_, v1::Query::service_full_name()},
                                    {*plan_, v1::Plan::service_full_name()},
                                    {outcomes_->service(), v1::Outcomes::service_full_name()}});
  if (!query.ok()) return query.status();
  query_listener_ = *std::move(query);
  if (absl::Status status = StartAdmin(ceilings.query); !status.ok()) return status;
  auto ingest =
      GrpcListener::Start("listen.ingest", config_.listen.ingest, security_->MakeCredentials(),
                          ingest_limits, {{*ingest_, v1::UsageIngest::service_full_name()}});
  if (!ingest.ok()) return ingest.status();
  ingest_listener_ = *std::move(ingest);
  query_listener_->SetServing(true);
  ingest_listener_->SetServing(true);
  StartWatchdog();
  readiness_.Set(true);
  TellReady(fmt::format("ingest {}, query {}, http {}", ingest_listener_->address(),
                        query_listener_->address(), http_->address()));
  return absl::OkStatus();
}

absl::Status App::Impl::StartAdmin(int descriptor_ceiling) {
  if (config_.listen.admin.empty()) return absl::OkStatus();
  const GrpcLimits limits{.descriptor_ceiling = descriptor_ceiling,
                          .on_connection_refused = [this] { metrics_.ConnectionRefused("admin"); }};
  auto admin =
      GrpcListener::Start("listen.admin", config_.listen.admin, security_->MakeCredentials(),
                          limits, {{*admin_, v1::Admin::service_full_name()}});
  if (!admin.ok()) return admin.status();
  admin_listener_ = *std::move(admin);
  admin_listener_->SetServing(true);
  return absl::OkStatus();
}

void App::Impl::StartWatchdog() {
  const auto listener = [tls = config_.tls.has_value()](GrpcListener& checked) {
    return [&checked, tls] { return CheckListener(checked, tls, kCheckPatience); };
  };
  const auto writer = [this] {
    const int64_t stuck = writer_->NanosSinceProgress();
    if (stuck <= kWriterStuckNanos) return absl::OkStatus();
    return absl::UnavailableError(fmt::format("no progress for {} s", stuck / kNanosPerSecond));
  };
  Watchdog::Options options{.interval = kCheckAtLeastEvery, .alive = TellAlive};
  // Fed four times in each period, so that one failure is not the end.
  if (const auto period = WatchdogPeriod()) {
    options.interval = std::min(options.interval, *period / 4);
  }
  watchdog_ = std::make_unique<Watchdog>(
      std::move(options),
      std::vector<Watchdog::Check>{{"listen.ingest", listener(*ingest_listener_)},
                                   {"listen.query", listener(*query_listener_)},
                                   {"writer", writer}});
  watchdog_->Start();
  watching_ = watchdog_.get();
}

absl::Status App::Impl::Run() {
  WaitForSignal();
  WaitForFileLook();
  io_.run();
  return Stop();
}

void App::Impl::WaitForSignal() {
  signals_.async_wait([this](boost::system::error_code error, int signal) {
    if (error) return;
    if (signal == SIGHUP) {
      Reload("SIGHUP");
      return WaitForSignal();
    }
    spdlog::info("stopping on signal {}", signal);
    io_.stop();
  });
}

void App::Impl::WaitForFileLook() {
  file_timer_.expires_after(kFileLook);
  file_timer_.async_wait([this](boost::system::error_code error) {
    if (error) return;
    if (reloader_.FilesChanged()) Reload("a file changed");
    // Failures are logged and counted where they are found.
    if (security_->TlsFilesChanged()) security_->ReloadTls().IgnoreError();
    ingest_listener_->SetServing(writer_->LedgerTrouble().empty());
    WaitForFileLook();
  });
}

absl::Status App::Impl::Stop() {
  const auto begin = std::chrono::steady_clock::now();
  const std::chrono::nanoseconds allowed(config_.shutdown.deadline_nanos);
  TellStopping();
  readiness_.Set(false);
  watchdog_->Stop();
  ingest_->Drain();
  query_->Drain();
  admin_->Drain();
  ingest_listener_->SetServing(false);
  writer_->Stop();  // settles and answers what was submitted
  outcomes_->Stop();
  scrapes_.BeginFinal();
  ingest_listener_->Stop(std::chrono::system_clock::now() + allowed / 2);
  query_listener_->Stop(std::chrono::system_clock::now() + allowed / 4);
  if (admin_listener_) admin_listener_->Stop(std::chrono::system_clock::now() + allowed / 4);
  security_->audit().Flush();
  AwaitFinalScrape(
      std::min(begin + allowed, std::chrono::steady_clock::now() +
                                    std::chrono::nanoseconds(config_.shutdown.final_scrape_nanos)));
  http_->Stop();
  const auto took = std::chrono::steady_clock::now() - begin;
  if (took > allowed) {
    return absl::DeadlineExceededError(
        fmt::format("stopping took {:.1f} s; expected at most {:.1f} s",
                    std::chrono::duration<double>(took).count(),
                    std::chrono::duration<double>(allowed).count()));
  }
  if (!fatal_.ok()) {
    return absl::Status(fatal_.code(),
                        fmt::format("the ledger failed; start again to recover from what was "
                                    "committed: {}",
                                    std::string(fatal_.message())));
  }
  spdlog::info("stopped");
  return absl::OkStatus();
}

void App::Impl::AwaitFinalScrape(std::chrono::steady_clock::time_point deadline) {
  if (!scrapes_.any()) return;  // nobody scrapes
  // The main loop's context is done; a timer of its own keeps this wait free of sleeping.
  asio::io_context io;
  asio::steady_timer timer(io);
  std::function<void()> look = [&] {
    if (scrapes_.any_final()) return;
    timer.expires_after(kFinalScrapeLook);
    if (timer.expiry() > deadline) return;
    timer.async_wait([&](boost::system::error_code) { look(); });
  };
  look();
  io.run();
}

App::App(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
App::~App() = default;

absl::StatusOr<std::unique_ptr<App>> App::Start(const std::string& config_path) {
  auto impl = std::make_unique<Impl>(config_path);
  if (absl::Status status = impl->Start(); !status.ok()) return status;
  return std::unique_ptr<App>(new App(std::move(impl)));
}

absl::Status App::Run() { return impl_->Run(); }
std::string App::ingest_address() const { return impl_->ingest_listener_->address(); }
std::string App::query_address() const { return impl_->query_listener_->address(); }
std::string App::http_address() const { return impl_->http_->address(); }
std::string App::admin_address() const {
  return impl_->admin_listener_ ? impl_->admin_listener_->address() : "";
}

}  // namespace fleetmeter
