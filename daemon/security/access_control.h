// Decides about every call: who is it, and may it? Refusals are audited and counted here.
//
// Owned by the App; outlives the services. Thread-safe. A reload replaces the policy, and what is
// open then is asked again with its next batch or answer.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/base/clock.h"
#include "daemon/base/mutex.h"
#include "daemon/security/access_policy.h"
#include "daemon/security/access_probe.h"
#include "daemon/security/audit_log.h"
#include "daemon/security/bearer_tokens.h"

namespace grpc {
class ServerContextBase;
class Status;
}  // namespace grpc

namespace fleetmeter {

// Who is on the other side of a call, as its certificate says.
struct Caller {
  std::string identity;  // a SPIFFE ID, or "local"
  std::string peer;      // the address, for the log
  std::optional<int64_t> not_after_unix_seconds;
};

// What a request over HTTP brings to say who it is.
struct HttpProof {
  std::string peer;           // "192.0.2.1:5000"
  std::string certificate;    // PEM, verified by the transport; empty: there is none
  std::string authorization;  // the header: "Bearer ..."; empty: there is none
};

class AccessControl {
 public:
  // All outlive the object. Without `tokens` there are none.
  AccessControl(AccessPolicy policy, AuditLog& audit, AccessProbe& probe, const Clock& clock,
                const BearerTokens* tokens = nullptr);

  void Replace(AccessPolicy policy);

  // Fills `caller` from the call's certificate, and checks its role. UNAUTHENTICATED: no
  // certificate that names an identity. PERMISSION_DENIED: the identity does not have the role.
  grpc::Status Admit(const grpc::ServerContextBase& context, Role role, Caller* caller);
  // The same where one of several roles is enough. A refusal is counted under the first of them.
  grpc::Status AdmitAny(const grpc::ServerContextBase& context, std::initializer_list<Role> roles,
                        Caller* caller);
  // The same for a request over HTTP. A token, where there is one, says more than the certificate
  // of a connection that may serve many people.
  grpc::Status Admit(const HttpProof& proof, Role role, Caller* caller);
  // The same for a caller that was admitted before: rules change, and certificates expire.
  grpc::Status Recheck(const Caller& caller, Role role);

  // What the caller may do by the policy in force, for the length of the object.
  class View {
   public:
    bool MayReportFor(std::string_view pool) const { return grants_.MayReportFor(pool); }
    bool MayReportForAll() const { return grants_.MayReportForAll(); }
    bool MaySee(std::string_view pool) const { return grants_.MaySee(pool); }
    bool SeesAll() const { return grants_.SeesAll(); }
    bool Has(Role role) const { return grants_.Has(role); }
    bool MayAskFor(std::string_view team) const { return grants_.MayAskFor(team); }
    bool MayDecideIn(std::string_view pool) const { return grants_.MayDecideIn(pool); }
    SourceRight RightTo(std::string_view source) const { return grants_.RightTo(source); }
    // Whether any rule names sources; and whether callers can be told apart at all.
    bool RulesNameSources() const { return policy_->names_sources(); }
    bool TellsCallersApart() const { return !policy_->open_to_all(); }

   private:
    friend class AccessControl;
    std::shared_ptr<const AccessPolicy> policy_;  // what grants_ points into
    AccessPolicy::Grants grants_;
  };
  View ViewOf(const Caller& caller);

  // PERMISSION_DENIED for a report of a pool that the caller may not speak for; "": of what needs
  // the right to speak for all pools. `field` is where it stands in the request.
  grpc::Status DenyPool(const Caller& caller, std::string_view pool, const std::string& field);

  // What a role does not let the caller do, since the pool or the team is not its own.
  struct Overreach {
    Role role = Role::kAsk;
    std::string_view reason;  // of kDenials: "pool", "team" or "role"
    std::string_view pool;    // or
    std::string_view team;
    std::string field;  // where it stands in the request; may be empty
    std::string what;   // completes "IDENTITY may not ..."
  };
  // PERMISSION_DENIED.
  grpc::Status Deny(const Caller& caller, const Overreach& overreach);

  // PERMISSION_DENIED for a question about the whole fleet of a caller that may see some pools
  // only.
  grpc::Status RequireAllPools(const Caller& caller);

  // Notes that the caller reported for a source that is not its own. Reports of it are settled as
  // rejected, so that the call goes on.
  void NoteForeignSource(const Caller& caller, const std::string& field, const std::string& detail);

  // For what callers with the right to did.
  AuditLog& audit() { return audit_; }

 private:
  std::shared_ptr<const AccessPolicy> policy();
  // Whom a certificate, or a token, speaks for.
  static absl::Status Identify(const AccessPolicy& policy, std::string_view pem, Caller* caller);
  absl::Status IdentifyToken(const HttpProof& proof, Caller* caller) const;
  grpc::Status CheckRoles(const AccessPolicy& policy, const Caller& caller,
                          std::initializer_list<Role> roles);
  grpc::Status Unauthenticated(const Caller& caller, Role role, std::string_view reason,
                               const std::string& why);

  AuditLog& audit_;
  AccessProbe& probe_;
  const Clock& clock_;
  const BearerTokens* const tokens_;
  Mutex mutex_;
  std::shared_ptr<const AccessPolicy> policy_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace fleetmeter
