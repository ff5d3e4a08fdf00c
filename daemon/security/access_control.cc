#include "daemon/security/access_control.h"

#include <fmt/format.h>
#include <grpc/grpc_security_constants.h>
#include <grpcpp/security/auth_context.h>
#include <grpcpp/server_context.h>

#include <algorithm>
#include <utility>

#include "daemon/base/text.h"
#include "daemon/security/certificate.h"

namespace fleetmeter {
namespace {

// "ipv4:192.0.2.1:5000" without the port: whoever reconnects is the same peer.
std::string HostOf(const std::string& peer) { return peer.substr(0, peer.rfind(':')); }

// "decide or allocate".
std::string NamesOf(std::initializer_list<Role> roles) {
  std::string names;
  for (const Role role : roles) {
    names += fmt::format("{}{}", names.empty() ? "" : " or ", Name(role));
  }
  return names;
}

}  // namespace

AccessControl::AccessControl(AccessPolicy policy, AuditLog& audit, AccessProbe& probe,
                             const Clock& clock, const BearerTokens* tokens)
    : audit_(audit),
      probe_(probe),
      clock_(clock),
      tokens_(tokens),
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
  return AdmitAny(context, {role}, caller);
}

grpc::Status AccessControl::AdmitAny(const grpc::ServerContextBase& context,
                                     std::initializer_list<Role> roles, Caller* caller) {
  const auto policy = this->policy();
  const Role role = *roles.begin();
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
  const std::string_view pem(pems.front().data(), pems.front().size());
  if (const absl::Status known = Identify(*policy, pem, caller); !known.ok()) {
    return Unauthenticated(*caller, role, "identity", std::string(known.message()));
  }
  return CheckRoles(*policy, *caller, roles);
}

grpc::Status AccessControl::Admit(const HttpProof& proof, Role role, Caller* caller) {
  const auto policy = this->policy();
  caller->peer = proof.peer;
  if (policy->open_to_all()) {
    caller->identity = AccessPolicy::kLocal;
    return grpc::Status::OK;
  }
  absl::Status known;
  if (!proof.authorization.empty()) {
    known = IdentifyToken(proof, caller);
  } else if (!proof.certificate.empty()) {
    known = Identify(*policy, proof.certificate, caller);
  } else {
    known = absl::UnauthenticatedError(
        "the request names nobody; expected a client certificate, or a header \"Authorization: "
        "Bearer TOKEN\"");
  }
  if (!known.ok()) {
    return Unauthenticated(*caller, role, "identity", std::string(known.message()));
  }
  return CheckRoles(*policy, *caller, {role});
}

absl::Status AccessControl::Identify(const AccessPolicy& policy, std::string_view pem,
                                     Caller* caller) {
  const auto certificate = ReadCertificateIdentity(pem, policy.trust_domain());
  if (!certificate.ok()) return certificate.status();
  caller->identity = certificate->id.Text();
  caller->not_after_unix_seconds = certificate->not_after_unix_seconds;
  return absl::OkStatus();
}

absl::Status AccessControl::IdentifyToken(const HttpProof& proof, Caller* caller) const {
  // The scheme's name may be written in either case (RFC 7235).
  constexpr std::string_view kScheme = "bearer ";
  std::string scheme = proof.authorization.substr(0, kScheme.size());
  for (char& letter : scheme) {
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
  }
  if (scheme != kScheme) {
    return absl::UnauthenticatedError(
        "the header Authorization is of another scheme; expected \"Bearer TOKEN\"");
  }
  if (tokens_ == nullptr) return absl::UnauthenticatedError("the token is not known");
  const auto token = tokens_->Identify(std::string_view(proof.authorization).substr(kScheme.size()),
                                       clock_.UnixNanos() / kNanosPerSecond);
  if (!token.ok()) return token.status();
  caller->identity = token->identity;
  caller->not_after_unix_seconds = token->not_after_unix_seconds;
  return absl::OkStatus();
}

grpc::Status AccessControl::Recheck(const Caller& caller, Role role) {
  return CheckRoles(*policy(), caller, {role});
}

grpc::Status AccessControl::CheckRoles(const AccessPolicy& policy, const Caller& caller,
                                       std::initializer_list<Role> roles) {
  const Role role = *roles.begin();
  if (caller.not_after_unix_seconds &&
      clock_.UnixNanos() / kNanosPerSecond > *caller.not_after_unix_seconds) {
    return Unauthenticated(
        caller, role, "expired",
        "the certificate of this connection, or the token, has expired; expected "
        "a new connection with a new one");
  }
  const AccessPolicy::Grants grants = policy.GrantsOf(caller.identity);
  if (std::any_of(roles.begin(), roles.end(), [&](Role each) { return grants.Has(each); })) {
    return grpc::Status::OK;
  }
  const std::string names = NamesOf(roles);
  probe_.CallDenied(Name(role), "role");
  audit_.Refused(caller.identity, {{"event", "denied"},
                                   {"reason", "role"},
                                   {"role", names},
                                   {"identity", caller.identity},
                                   {"peer", caller.peer}});
  return {grpc::StatusCode::PERMISSION_DENIED,
          fmt::format("{} does not have the role {}", caller.identity, names)};
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

grpc::Status AccessControl::Deny(const Caller& caller, const Overreach& overreach) {
  probe_.CallDenied(Name(overreach.role), overreach.reason);
  audit_.Refused(caller.identity, {{"event", "denied"},
                                   {"reason", overreach.reason},
                                   {"role", Name(overreach.role)},
                                   {"identity", caller.identity},
                                   {"peer", caller.peer},
                                   {"pool", overreach.pool},
                                   {"team", overreach.team},
                                   {"field", overreach.field}});
  return {grpc::StatusCode::PERMISSION_DENIED,
          fmt::format("{} may not {}", caller.identity, overreach.what)};
}

grpc::Status AccessControl::RequireAllPools(const Caller& caller) {
  if (ViewOf(caller).SeesAll()) return grpc::Status::OK;
  probe_.CallDenied(Name(Role::kQuery), "pool");
  audit_.Refused(caller.identity, {{"event", "denied"},
                                   {"reason", "pool"},
                                   {"role", Name(Role::kQuery)},
                                   {"identity", caller.identity},
                                   {"peer", caller.peer}});
  return {grpc::StatusCode::PERMISSION_DENIED,
          fmt::format("{} may see some pools only, and this question is about all of them",
                      caller.identity)};
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
