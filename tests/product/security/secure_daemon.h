// A real fleetmeterd that speaks TLS and knows a few identities of trust domain example.org.
#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>

#include "fleetmeter/v1/admin.grpc.pb.h"
#include "tests/support/certificates.h"
#include "tests/support/daemon_fixture.h"
#include "tests/support/reports.h"

namespace fleetmeter::e2e {

// May report for pool serving; anything below host/ may report without a pool.
inline constexpr char kHostA[] = "spiffe://example.org/host/a";
// May report for pool training.
inline constexpr char kHostB[] = "spiffe://example.org/host/b";
inline constexpr char kReader[] = "spiffe://example.org/ops/reader";      // query
inline constexpr char kOperator[] = "spiffe://example.org/ops/operator";  // admin
inline constexpr char kRelay[] = "spiffe://example.org/relay";            // ingest, for all pools

// The rules for them, as the lines of a YAML list.
std::string DefaultRules();

class SecureDaemon {
 public:
  SecureDaemon();

  Daemon& daemon() { return *daemon_; }
  const Authority& authority() const { return authority_; }

  // Credentials of a client with this certificate that trusts our authority.
  std::shared_ptr<grpc::ChannelCredentials> Credentials(const KeyPair& pair) const;
  std::shared_ptr<grpc::ChannelCredentials> CredentialsOf(const std::string& identity) const;
  // Without a certificate.
  std::shared_ptr<grpc::ChannelCredentials> Anonymous() const;

  std::unique_ptr<v1::UsageIngest::Stub> Ingest(
      const std::shared_ptr<grpc::ChannelCredentials>& credentials) const;
  std::unique_ptr<v1::Query::Stub> Query(
      const std::shared_ptr<grpc::ChannelCredentials>& credentials) const;
  std::unique_ptr<v1::Admin::Stub> Admin(
      const std::shared_ptr<grpc::ChannelCredentials>& credentials) const;

  // A connection of its own.
  static std::shared_ptr<grpc::Channel> Connect(
      const std::string& address, const std::shared_ptr<grpc::ChannelCredentials>& credentials);

  // Replaces the daemon's files. The key first: for a moment they are half a pair.
  void WriteServer(const KeyPair& pair) const;
  void WriteAuthorities(const std::string& pem) const;
  void WriteRules(const std::string& rules) const;

  double Denied(const std::string& listener, const std::string& reason) const;
  bool AwaitTlsReloads(const std::string& result, double count) const;
  // Everything that says what was counted; equal before and after: nothing was.
  std::vector<std::string> Counted() const;
  std::string Log() const { return daemon_->process().Stderr(); }
  // Waits for a line that holds all of these.
  bool AwaitAudit(const std::vector<std::string>& parts) const;

 private:
  DaemonSettings Settings(const std::string& rules) const;

  const Authority authority_;
  const TempFolder pki_;
  std::unique_ptr<Daemon> daemon_;
};

grpc::Status CallListPools(v1::Query::Stub& stub);

}  // namespace fleetmeter::e2e
