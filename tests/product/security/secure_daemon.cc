#include "tests/product/security/secure_daemon.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <sstream>

namespace fleetmeter::e2e {
namespace {

constexpr auto kPatience = std::chrono::seconds(30);

// Of the daemon's own families those that usage moves; of the fleet's, all but time itself.
bool SaysWhatWasCounted(const std::string& name) {
  if (name == "fleetmeter_pool_allocated_h100e_seconds_total") return false;
  if (name.find("_denied_total") != std::string::npos) return false;
  for (const char* prefix : {"fleetmeter_ingest_", "fleetmeter_ledger_", "fleetmeter_pool_",
                             "fleetmeter_team_", "fleetmeter_supply_", "fleetmeter_sources"}) {
    if (name.starts_with(prefix)) return true;
  }
  return false;
}

}  // namespace

std::string DefaultRules() {
  return fmt::format(R"(  - {{identity: {}, roles: [ingest], pools: [serving]}}
  - {{identity: {}, roles: [ingest], pools: [training]}}
  - {{identity: spiffe://example.org/host/*, roles: [ingest]}}
  - {{identity: {}, roles: [query]}}
  - {{identity: {}, roles: [admin]}}
  - {{identity: {}, roles: [ingest], pools: "*"}}
)",
                     kHostA, kHostB, kReader, kOperator, kRelay);
}

SecureDaemon::SecureDaemon() {
  WriteServer(authority_.IssueServer());
  WriteAuthorities(authority_.certificate());
  daemon_ = std::make_unique<Daemon>(Settings(DefaultRules()));
}

DaemonSettings SecureDaemon::Settings(const std::string& rules) const {
  return {.ingest = {"accept_replay: true"},
          .listen = {"admin: 127.0.0.1:0"},
          .more = fmt::format(R"(tls:
  trust_domain: example.org
  certificate: {}
  key: {}
  client_ca: {}
authorization:
{})",
                              pki_.PathOf("server.pem"), pki_.PathOf("server-key.pem"),
                              pki_.PathOf("client-ca.pem"), rules)};
}

void SecureDaemon::WriteServer(const KeyPair& pair) const {
  // The key must not be there for all to see, not even for a moment.
  const std::string fresh = pki_.PathOf("fresh-key.pem");
  pki_.Write("fresh-key.pem", pair.key);
  std::filesystem::permissions(
      fresh, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  std::filesystem::rename(fresh, pki_.PathOf("server-key.pem"));
  pki_.Write("server.pem", pair.certificate);
}

void SecureDaemon::WriteAuthorities(const std::string& pem) const {
  pki_.Write("client-ca.pem", pem);
}

void SecureDaemon::WriteRules(const std::string& rules) const {
  daemon_->Configure(Settings(rules));
}

std::shared_ptr<grpc::ChannelCredentials> SecureDaemon::Credentials(const KeyPair& pair) const {
  return grpc::SslCredentials({authority_.certificate(), pair.key, pair.certificate});
}

std::shared_ptr<grpc::ChannelCredentials> SecureDaemon::CredentialsOf(
    const std::string& identity) const {
  return Credentials(authority_.IssueClient(identity));
}

std::shared_ptr<grpc::ChannelCredentials> SecureDaemon::Anonymous() const {
  return grpc::SslCredentials({authority_.certificate(), "", ""});
}

std::shared_ptr<grpc::Channel> SecureDaemon::Connect(
    const std::string& address, const std::shared_ptr<grpc::ChannelCredentials>& credentials) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return grpc::CreateCustomChannel(address, credentials, arguments);
}

std::unique_ptr<v1::UsageIngest::Stub> SecureDaemon::Ingest(
    const std::shared_ptr<grpc::ChannelCredentials>& credentials) const {
  return v1::UsageIngest::NewStub(Connect(daemon_->ingest_address(), credentials));
}

std::unique_ptr<v1::Query::Stub> SecureDaemon::Query(
    const std::shared_ptr<grpc::ChannelCredentials>& credentials) const {
  return v1::Query::NewStub(Connect(daemon_->query_address(), credentials));
}

std::unique_ptr<v1::Admin::Stub> SecureDaemon::Admin(
    const std::shared_ptr<grpc::ChannelCredentials>& credentials) const {
  return v1::Admin::NewStub(Connect(daemon_->admin_address(), credentials));
}

double SecureDaemon::Denied(const std::string& listener, const std::string& reason) const {
  return daemon_->ScrapeMetrics()
      .Value("fleetmeter_" + listener + "_denied_total", {{"reason", reason}})
      .value_or(-1);
}

bool SecureDaemon::AwaitTlsReloads(const std::string& result, double count) const {
  return Eventually([&] {
    return daemon_->ScrapeMetrics().Value("fleetmeter_tls_reloads_total", {{"result", result}}) >=
           count;
  });
}

std::vector<std::string> SecureDaemon::Counted() const {
  std::vector<std::string> lines;
  const Scrape scrape = daemon_->ScrapeMetrics();
  for (const Sample& sample : scrape.samples()) {
    if (!SaysWhatWasCounted(sample.name)) continue;
    std::string line = sample.name;
    for (const auto& [name, value] : sample.labels) line += fmt::format(" {}={}", name, value);
    lines.push_back(fmt::format("{} {}", line, sample.value));
  }
  std::sort(lines.begin(), lines.end());
  return lines;
}

bool SecureDaemon::AwaitAudit(const std::vector<std::string>& parts) const {
  return Eventually([&] {
    std::istringstream log(Log());
    for (std::string line; std::getline(log, line);) {
      if (line.find(" audit event=") == std::string::npos) continue;
      if (std::all_of(parts.begin(), parts.end(), [&](const std::string& part) {
            return line.find(part) != std::string::npos;
          })) {
        return true;
      }
    }
    return false;
  });
}

grpc::Status CallListPools(v1::Query::Stub& stub) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kPatience);
  v1::ListPoolsResponse response;
  return stub.ListPools(&context, {}, &response);
}

}  // namespace fleetmeter::e2e
