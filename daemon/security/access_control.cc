#include "daemon/security/access_control.h"

#include <fmt/format.h>
#include <grpc/grpc_security_constants.h>
#include <grpcpp/security/auth_context.h>
#include <grpcpp/server_context.h>

#include <utility>

#include "daemon/base/text.h"
#include "daemon/security/certificate.h"

namespace fleetmeter {
namespace {

// "ipv4:192.0.2.1:5000" without the port: whoever reconnects is the same peer.
std::string HostOf(const std::string& peer) { return peer.substr(0, peer.rfind(':')); }

}  // namespace

AccessControl::AccessControl(AccessPolicy policy, AuditLog& audit, AccessProbe& probe,
                             const Clock& clock)
    : audit_(audit),
      probe_(probe),
      clock_(clock),
      policy_(std::make_shared<const AccessPolicy>(std::move(policy))) {}

void AccessControl::Replace(AccessPolicy policy) {
  auto next = std::make_shared<const AccessPolicy>(std::move(policy));
  MutexLock lock(mutex_);
  policy_.swap(next);
}

std::shared_ptr<const AccessPolicy> AccessControl::policy() {
  MutexLock lock(mutex_);
  return policy_;
}

grpc::Status AccessControl::Admit(const grpc::ServerContextBase& context, Role role,
                                  Caller* caller) {
  const auto policy = this->policy();
  caller->peer = context.peer();
  if (policy->open_to_all()) {
    caller->identity = AccessPolicy::kLocal;
    return grpc::Status::OK;
  }
  const auto auth = context.auth_context();
  const auto pems = auth == nullptr ? std::vector<grpc::string_ref>()
                                    : auth->FindPropertyValues(GRPC_X509_PEM_CERT_PROPERTY_NAME);
  if (pems.size() != 1) {
    return Unauthenticated(
        *caller, role, "identity",
        fmt::format("the connection has {} client certificates; expected one", pems.size()));
  }
  const auto certificate = ReadCertificateIdentity(
      std::string_view(pems.front().data(), pems.front().size()), policy->trust_domain());
  if (!certificate.ok()) {
    return Unauthenticated(*caller, role, "identity", std::string(certificate.status().message()));
  }
  caller->identity = certificate->id.Text();
  caller->not_after_unix_seconds = certificate->not_after_unix_seconds;
  return CheckRole(*policy, *caller, role);
}

grpc::Status AccessControl::Recheck(const Caller& caller, Role role) {
  return CheckRole(*policy(), caller, role);
}

grpc::Status AccessControl::CheckRole(const AccessPolicy& policy, const Caller& caller, Role role) {
  if (caller.not_after_unix_seconds &&
      clock_.UnixNanos() / kNanosPerSecond > *caller.not_after_unix_seconds) {
    return Unauthenticated(caller, role, "expired",
                           "the certificate of this connection has expired; expected a new "
                           "connection with a new one");
  }
  if (policy.GrantsOf(caller.identity).Has(role)) return grpc::Status::OK;
  probe_.CallDenied(Name(role), "role");
  audit_.Refused(caller.identity, {{"event", "denied"},
                                   {"reason", "role"},
                                   {"role", Name(role)},
                                   {"identity", caller.identity},
                                   {"peer", caller.peer}});
  return {grpc::StatusCode::PERMISSION_DENIED,
          fmt::format("{} does not have the role {}", caller.identity, Name(role))};
}

grpc::Status AccessControl::Unauthenticated(const Caller& caller, Role role,
                                            std::string_view reason, const std::string& why) {
  probe_.CallDenied(Name(role), reason);
  audit_.Refused(caller.identity.empty() ? HostOf(caller.peer) : caller.identity,
                 {{"event", "denied"},
                  {"reason", reason},
                  {"role", Name(role)},
                  {"identity", caller.identity},
                  {"peer", caller.peer},
                  {"detail", why}});
  return {grpc::StatusCode::UNAUTHENTICATED, why};
}

AccessControl::View AccessControl::ViewOf(const Caller& caller) {
  View view;
  view.policy_ = policy();
  view.grants_ = view.policy_->GrantsOf(caller.identity);
  return view;
}

grpc::Status AccessControl::DenyPool(const Caller& caller, std::string_view pool,
                                     const std::string& field) {
  probe_.CallDenied(Name(Role::kIngest), "pool");
  audit_.Refused(caller.identity, {{"event", "denied"},
                                   {"reason", "pool"},
                                   {"role", Name(Role::kIngest)},
                                   {"identity", caller.identity},
                                   {"peer", caller.peer},
                                   {"pool", pool},
                                   {"field", field}});
  const std::string what =
      pool.empty() ? "outcomes or history, which needs the right to report for all pools"
                   : fmt::format("for pool {}", AsciiQuoted(pool, 128));
  return {grpc::StatusCode::PERMISSION_DENIED,
          fmt::format("{} may not report {} ({}); nothing of this request was counted",
                      caller.identity, what, field)};
}

void AccessControl::NoteForeignSource(const Caller& caller, const std::string& field,
                                      const std::string& detail) {
  probe_.CallDenied(Name(Role::kIngest), "source");
  audit_.Refused(caller.identity, {{"event", "denied"},
                                   {"reason", "source"},
                                   {"role", Name(Role::kIngest)},
                                   {"identity", caller.identity},
                                   {"peer", caller.peer},
                                   {"field", field},
                                   {"detail", detail}});
}

}  // namespace fleetmeter
