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
#include "daemon/app/daemon_checks.h"
#include "daemon/app/listeners.h"
#include "daemon/app/metrics_pages.h"
#include "daemon/app/open_ledger.h"
#include "daemon/app/otlp_part.h"
#include "daemon/app/outcomes_part.h"
#include "daemon/app/pages.h"
#include "daemon/app/reload.h"
#include "daemon/app/security.h"
#include "daemon/app/service_manager.h"
#include "daemon/app/services.h"
#include "daemon/app/stop_stack.h"
#include "daemon/base/logging.h"
#include "daemon/config/load_config.h"
#include "daemon/serve/http/http_server.h"
#include "daemon/serve/listen/grpc_log.h"
#include "daemon/serve/metrics/daemon_metrics.h"
#include "daemon/view/grant_board.h"

namespace fleetmeter {
namespace {

namespace asio = boost::asio;

constexpr auto kFileLook = std::chrono::seconds(1);
// A start that fails owes nobody anything: who is connected gets this long to take the news.
constexpr auto kFailedStart = std::chrono::milliseconds(400);

}  // namespace

class App::Impl {
 public:
  explicit Impl(std::string config_path) : reloader_(std::move(config_path)) {}

  // Undoes what it has done before it returns an error.
  absl::Status Start();
  absl::Status Run();

  // Once started.
  std::string http_address() const { return http_->address(); }
  Listeners& listeners() { return listeners_; }

 private:
  absl::Status StartAll();
  // Everything that files say.
  absl::StatusOr<ReferenceData> Load();
  // Each starts some parts, and pushes how they are stopped.
  absl::Status StartBooks(ReferenceData reference);
  void StartGrants();
  void MakeServices();
  absl::Status StartPages();
  void StartExport();
  absl::Status StartListeners();
  void StartWatchdog();

  void WaitForSignal();
  void WaitForFileLook();
  v1::ReloadResponse Reload(const char* why) {
    return reloader_.Reload(why, {*security_, *writer_, *otlp_, metrics_, clock_});
  }
  // Answers everything that calls have sent, and takes no more.
  void Settle(const StopStack::Limit& limit);
  absl::Status Stop();

  // In the order in which they are built, so that each is gone before what it uses.
  Reloader reloader_;
  const DaemonConfig& config_ = reloader_.config();
  const SystemClock clock_;
  asio::io_context io_{1};  // other threads post to it
  asio::signal_set signals_{io_, SIGTERM, SIGINT, SIGHUP};
  asio::steady_timer file_timer_{io_};
  absl::Status fatal_;  // why the daemon ends, if it is not asked to
  DaemonMetrics metrics_;
  std::unique_ptr<Security> security_;
  std::unique_ptr<Ledger> ledger_;
  std::unique_ptr<Writer> writer_;
  std::unique_ptr<OutcomesPart> outcomes_;
  std::unique_ptr<GrantBoard> grants_;  // null: the ledger is in memory
  std::unique_ptr<Services> services_;
  Readiness readiness_;
  Health health_;
  Scrapes scrapes_;
  std::unique_ptr<Api> api_;
  std::unique_ptr<MetricsPages> metrics_pages_;
  std::unique_ptr<HttpServer> http_;
  std::unique_ptr<OtlpPart> otlp_;
  Listeners listeners_;
  std::unique_ptr<Watchdog> watchdog_;
  bool started_ = false;
  StopStack stops_;  // first to go: whatever still runs ends before anything is gone
};

absl::Status App::Impl::Start() {
  absl::Status status = StartAll();
  if (!status.ok()) stops_.Run(kFailedStart).IgnoreError();
  return status;
}

absl::Status App::Impl::StartAll() {
  auto reference = Load();
  if (!reference.ok()) return reference.status();
  absl::Status status = StartBooks(*std::move(reference));
  if (!status.ok()) return status;
  MakeServices();
  status = StartPages();
  if (status.ok()) status = StartListeners();
  if (!status.ok()) return status;
  StartWatchdog();
  stops_.Push("readiness", [this](const auto&) { readiness_.Set(false); });
  readiness_.Set(true);
  started_ = true;
  TellReady(fmt::format("ingest {}, query {}, http {}", listeners_.ingest().address(),
                        listeners_.query().address(), http_->address()));
  return absl::OkStatus();
}

absl::StatusOr<ReferenceData> App::Impl::Load() {
  if (absl::Status status = reloader_.LoadFirst(); !status.ok()) return status;
  SetUpLogging(config_.log.level, config_.log.format);
  RouteGrpcLog();
  auto security = Security::Start(config_, metrics_.access(), clock_);
  if (!security.ok()) return security.status();
  security_ = *std::move(security);
  stops_.Push("provider keys", [this](const auto&) { security_->Stop(); });
  auto reference = LoadReferenceData(config_);
  if (reference.ok()) metrics_.ReloadDone(true, clock_.UnixNanos());
  return reference;
}

absl::Status App::Impl::StartBooks(ReferenceData reference) {
  auto ledger = OpenLedger(config_, metrics_.ledger());
  if (!ledger.ok()) return ledger.status();
  ledger_ = *std::move(ledger);
  spdlog::info("{}", ledger_->Describe());

  Writer::Options options;
  options.queue_reports = static_cast<size_t>(config_.ingest.queue_reports);
  // Without TLS all senders are one identity.
  if (config_.tls) options.queue_sharing = FairShare::Sharing::kFair;
  options.commit_reports = static_cast<size_t>(config_.ingest.commit_reports);
  options.on_broken_ledger = [this](const absl::Status& status) {
    asio::post(io_, [this, status] {
      fatal_ = status;
      io_.stop();
    });
  };
  writer_ = std::make_unique<Writer>(
      std::move(options), SettingsFrom(config_, std::move(reference)), clock_, *ledger_, metrics_);
  stops_.Push("writer", [this](const auto&) { writer_->Stop(); });
  if (absl::Status status = writer_->Start(); !status.ok()) return status;
  LogGrantDoubts(*writer_);

  outcomes_ =
      std::make_unique<OutcomesPart>(config_, *writer_, security_->access(), metrics_, clock_);
  stops_.Push("outcomes", [this](const auto&) { outcomes_->Stop(); });
  outcomes_->Start();
  StartGrants();
  return absl::OkStatus();
}

void App::Impl::StartGrants() {
  if (config_.ledger.path.empty()) return;
  GrantBoard::Options options;
  options.ledger_path = config_.ledger.path;
  options.refresh_nanos = config_.outcomes.refresh_nanos;
  options.book = [this] { return writer_->capacity(); };
  grants_ = std::make_unique<GrantBoard>(std::move(options), clock_);
  stops_.Push("grants", [this](const auto&) { grants_->Stop(); });
  grants_->Start();
}

void App::Impl::MakeServices() {
  services_ = std::make_unique<Services>(
      config_, Services::Parts{*writer_, *outcomes_, *security_, metrics_, clock_}, [this] {
        asio::post(io_, [this] {
          services_->admin().AnswerReloads([this] { return Reload("asked by admin"); });
        });
      });
  api_ = std::make_unique<Api>(
      ApiServices{services_->query(), services_->plan(), services_->outcomes(), services_->admin(),
                  services_->capacity()},
      security_->access(), clock_);
  stops_.Push("api", [this](const auto&) { api_->Stop(); });
}

absl::Status App::Impl::StartPages() {
  auto console = ReadConsole(config_.http.console);
  if (!console.ok()) return console.status();
  metrics_pages_ =
      std::make_unique<MetricsPages>(MetricsPages::Parts{.writer = *writer_,
                                                         .metrics = metrics_,
                                                         .outcomes = *outcomes_,
                                                         .grants = grants_.get(),
                                                         .health = health_,
                                                         .scrapes = scrapes_,
                                                         .access = security_->access(),
                                                         .tls = config_.tls && config_.http.tls});
  stops_.Push("metrics", [this](const auto&) { metrics_pages_->Stop(); });
  auto http = HttpServer::Start(
      config_.listen.http,
      MakePages({*writer_, readiness_, health_, *metrics_pages_, *api_}, *std::move(console)),
      {.hooks = {.evicted = [this] { metrics_.HttpConnectionEvicted(); },
                 .host_refused = [this] { metrics_.HttpHostRefused(); }},
       .takes_body = Api::Serves,
       .tls = security_->MakeHttpTls()});
  if (!http.ok()) return http.status();
  http_ = *std::move(http);
  stops_.Push("http", [this](const auto&) { http_->Stop(); });
  stops_.Push("final scrape", [this](const StopStack::Limit& limit) {
    if (!started_) return;
    const std::chrono::nanoseconds patience(config_.shutdown.final_scrape_nanos);
    scrapes_.AwaitFinal(std::min(limit.until, StopStack::Clock::now() + patience));
  });
  StartExport();
  return absl::OkStatus();
}

void App::Impl::StartExport() {
  otlp_ = std::make_unique<OtlpPart>(
      http_->address(), [this](SeriesWriter& out) { metrics_pages_->Write(out); }, metrics_.otlp(),
      clock_);
  stops_.Push("otlp", [this](const StopStack::Limit& limit) {
    const std::chrono::nanoseconds patience(started_ ? config_.shutdown.final_scrape_nanos : 0);
    otlp_->Stop(std::min(limit.until, StopStack::Clock::now() + patience));
  });
  otlp_->Use(config_.otlp);
}

absl::Status App::Impl::StartListeners() {
  stops_.Push("audit log", [this](const auto&) { security_->audit().Flush(); });
  stops_.Push("listeners",
              [this](const StopStack::Limit& limit) { listeners_.Close(limit.allowed); });
  // Before the listeners close: they wait for the calls that are open.
  stops_.Push("calls under way", [this](const StopStack::Limit& limit) { Settle(limit); });
  return listeners_.Open(config_, {*services_, *security_, metrics_});
}

void App::Impl::StartWatchdog() {
  watchdog_ = MakeWatchdog(listeners_, config_.tls.has_value(), *writer_, health_);
  stops_.Push("watchdog", [this](const auto&) { watchdog_->Stop(); });
  watchdog_->Start();
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
    if (security_->TokenFilesChanged()) security_->ReloadTokens().IgnoreError();
    listeners_.SetIngestServing(writer_->LedgerTrouble().empty());
    WaitForFileLook();
  });
}

void App::Impl::Settle(const StopStack::Limit& limit) {
  services_->Drain();
  listeners_.SetIngestServing(false);
  writer_->Stop();  // settles and answers what was submitted
  outcomes_->Stop();
  // Clients that read their answers have them by then; those that do not get a part of the time.
  services_->AwaitEnd(std::min(limit.until, StopStack::Clock::now() + limit.allowed / 4));
  scrapes_.BeginFinal();
}

absl::Status App::Impl::Stop() {
  TellStopping();
  const std::chrono::nanoseconds allowed(config_.shutdown.deadline_nanos);
  if (absl::Status status = stops_.Run(allowed); !status.ok()) return status;
  if (!fatal_.ok()) {
    return absl::Status(fatal_.code(),
                        fmt::format("the ledger failed; start again to recover from what was "
                                    "committed: {}",
                                    std::string(fatal_.message())));
  }
  spdlog::info("stopped");
  return absl::OkStatus();
}

App::App(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
App::~App() = default;

absl::StatusOr<std::unique_ptr<App>> App::Start(const std::string& config_path) {
  auto impl = std::make_unique<Impl>(config_path);
  if (absl::Status status = impl->Start(); !status.ok()) return status;
  return std::unique_ptr<App>(new App(std::move(impl)));
}

absl::Status App::Run() { return impl_->Run(); }
std::string App::ingest_address() const { return impl_->listeners().ingest().address(); }
std::string App::query_address() const { return impl_->listeners().query().address(); }
std::string App::http_address() const { return impl_->http_address(); }
std::string App::admin_address() const { return impl_->listeners().admin_address(); }

}  // namespace fleetmeter
