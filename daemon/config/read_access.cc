#include "daemon/config/read_access.h"

#include <filesystem>

#include "daemon/base/text.h"
#include "daemon/config/listen_address.h"
#include "daemon/security/spiffe_id.h"
#include "fmt/format.h"

namespace fleetmeter {
namespace {

constexpr size_t kMaxPathBytes = 4'096;

void ReadTrustDomain(const YamlValue& value, std::string* out) {
  std::string text;
  value.ReadText(kMaxTrustDomainBytes, &text);
  if (text.empty()) return;
  if (const absl::Status status = CheckTrustDomain(text); !status.ok()) {
    value.Complain(std::string(status.message()));
  } else {
    *out = text;
  }
}

void ReadRoles(const YamlValue& value, std::set<Role>* out) {
  for (const YamlValue& item : value.Items()) {
    std::string name;
    item.ReadChoice({"ingest", "query", "admin"}, &name);
    for (const Role role : kRoles) {
      if (name == Name(role) && !out->insert(role).second) {
        item.Complain("is listed twice; expected each role once");
      }
    }
  }
}

// A list of pools, or "*" for all there are and will be.
void ReadPools(const YamlValue& value, AccessRule* out) {
  if (!value.present()) return;
  if (value.node().kind == YamlNode::Kind::kScalar) {
    std::string star;
    value.ReadChoice({"*"}, &star);
    out->all_pools = star == "*";
    return;
  }
  for (const YamlValue& item : value.Items()) {
    std::string pool;
    item.ReadName(&pool);
    if (!pool.empty() && !out->pools.insert(pool).second) {
      item.Complain("is listed twice; expected each pool once");
    }
  }
}

void ReadRule(const YamlValue& value, const std::string& trust_domain, AccessRule* out) {
  YamlMap map(value);
  const YamlValue identity = map.Required("identity", "a SPIFFE ID, or one that ends in /*");
  identity.ReadText(kMaxSpiffeIdBytes, &out->identity);
  if (!out->identity.empty() && !trust_domain.empty()) {
    const absl::Status status = CheckRuleIdentity(out->identity, trust_domain);
    if (!status.ok()) identity.Complain(std::string(status.message()));
  }
  ReadRoles(map.Required("roles", "a list of ingest, query, admin"), &out->roles);
  const YamlValue pools = map.Optional("pools");
  ReadPools(pools, out);
  if (pools.present() && !out->roles.empty() && !out->roles.contains(Role::kIngest)) {
    pools.Complain("is given without the role ingest; expected pools only where usage is reported");
  }
}

}  // namespace

void ReadPath(const YamlValue& value, std::string* out) {
  std::string path;
  value.ReadText(kMaxPathBytes, &path);
  if (path.empty()) return;
  const auto folder = std::filesystem::path(value.file()->name()).parent_path();
  *out = (folder / path).lexically_normal().string();
}

void ReadTls(const YamlValue& section, std::optional<TlsConfig>* out) {
  if (!section.present()) return;
  TlsConfig& tls = out->emplace();
  YamlMap map(section);
  ReadTrustDomain(map.Required("trust_domain", "the trust domain of the callers' SPIFFE IDs"),
                  &tls.trust_domain);
  ReadPath(map.Required("certificate", "the path of a PEM file"), &tls.files.certificate);
  ReadPath(map.Required("key", "the path of a PEM file"), &tls.files.key);
  ReadPath(map.Required("client_ca", "the path of a PEM file"), &tls.files.authorities);
}

void ReadAuthorization(const YamlValue& list, const std::optional<TlsConfig>& tls,
                       std::vector<AccessRule>* out) {
  if (!list.present()) {
    if (!tls) return;
    list.file()->ComplainAt(
        "authorization",
        "is missing; expected at least one rule, since with tls nobody may do anything that no "
        "rule grants");
    return;
  }
  if (!tls) {
    list.Complain(
        "is given without tls; expected tls as well, since without it callers cannot be told "
        "apart");
    return;
  }
  for (const YamlValue& item : list.Items()) {
    ReadRule(item, tls->trust_domain, &out->emplace_back());
  }
}

void CheckReach(const DaemonConfig& config, YamlFile* file) {
  if (config.listen.allow_plaintext_beyond_loopback_without_authentication) return;
  const auto check = [&](std::string_view name, const std::string& text, bool has_tls) {
    const auto address = ParseListenAddress(text);
    if (!address.ok() || address->loopback || has_tls) return;
    const bool http = name == "http";
    file->ComplainAt(
        fmt::format("listen.{}", name),
        fmt::format("is {}, beyond loopback; expected {}", Quoted(text),
                    http ? "loopback, since this listener has no TLS; put a proxy that "
                           "authenticates before it"
                         : "tls to be configured, or loopback"));
  };
  check("ingest", config.listen.ingest, config.tls.has_value());
  check("query", config.listen.query, config.tls.has_value());
  check("http", config.listen.http, false);
  check("admin", config.listen.admin, config.tls.has_value());
}

}  // namespace fleetmeter
