// Who may speak: the settings tls and authorization.
#include <algorithm>

#include "daemon/config/settings/kinds.h"
#include "daemon/config/settings/structures.h"
#include "daemon/config/strict_yaml.h"
#include "daemon/security/spiffe_id.h"
#include "nlohmann/json.hpp"

namespace fleetmeter {
namespace {

using nlohmann::ordered_json;

constexpr size_t kMaxSourceBytes = 256;

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

void ReadSources(const YamlValue& value, AccessRule* out) {
  for (const YamlValue& item : value.Items()) {
    std::string source;
    item.ReadText(kMaxSourceBytes, &source);
    if (const absl::Status status = CheckSourcePattern(source); !status.ok()) {
      item.Complain(std::string(status.message()));
    } else if (std::find(out->sources.begin(), out->sources.end(), source) != out->sources.end()) {
      item.Complain("is listed twice; expected each source once");
    } else {
      out->sources.push_back(std::move(source));
    }
  }
}

void ReadSees(const YamlValue& value, AccessRule* out) {
  if (!value.present()) return;
  Names::Set& pools = out->sees.emplace();
  for (const YamlValue& item : value.Items()) {
    std::string pool;
    item.ReadName(&pool);
    if (!pool.empty() && !pools.insert(pool).second) {
      item.Complain("is listed twice; expected each pool once");
    }
  }
  if (!out->roles.empty() && !out->roles.contains(Role::kQuery)) {
    value.Complain("is given without the role query; expected sees only where pools are asked for");
  }
  // Sources, and what was rejected of them, are of all pools.
  if (out->roles.contains(Role::kAdmin)) {
    value.Complain(
        "is given with the role admin, which is told of all pools; expected one of both");
  }
}

void ReadRule(const YamlValue& value, AccessRule* out) {
  YamlMap map(value);
  map.Required("identity", "a SPIFFE ID, or one that ends in /*")
      .ReadText(kMaxSpiffeIdBytes, &out->identity);
  ReadRoles(map.Required("roles", "a list of ingest, query, admin"), &out->roles);
  const YamlValue pools = map.Optional("pools");
  ReadPools(pools, out);
  if (pools.present() && !out->roles.empty() && !out->roles.contains(Role::kIngest)) {
    pools.Complain("is given without the role ingest; expected pools only where usage is reported");
  }
  ReadSees(map.Optional("sees"), out);
  const YamlValue sources = map.Optional("sources");
  if (!sources.present()) return;
  ReadSources(sources, out);
  if (!out->roles.empty() && !out->roles.contains(Role::kIngest)) {
    sources.Complain(
        "is given without the role ingest; expected sources only where usage is reported");
  }
}

ordered_json RuleJson(const AccessRule& rule) {
  ordered_json roles = ordered_json::array();
  for (const Role role : rule.roles) roles.push_back(std::string(Name(role)));
  ordered_json json = {{"identity", rule.identity}, {"roles", roles}};
  if (rule.all_pools) {
    json["pools"] = "*";
  } else if (!rule.pools.empty()) {
    json["pools"] = rule.pools;
  }
  if (!rule.sources.empty()) json["sources"] = rule.sources;
  if (rule.sees) json["sees"] = *rule.sees;
  return json;
}

ordered_json Text(size_t max_bytes) {
  return {{"type", "string"}, {"minLength", 1}, {"maxLength", max_bytes}};
}

ordered_json UniqueListOf(ordered_json items) {
  return {{"type", "array"}, {"minItems", 1}, {"items", std::move(items)}, {"uniqueItems", true}};
}

}  // namespace

void TlsSettings::Read(const YamlValue& section, std::optional<TlsConfig>* out) const {
  if (!section.present()) return;
  TlsConfig& tls = out->emplace();
  YamlMap map(section);
  ReadTrustDomain(map.Required("trust_domain", "the trust domain of the callers' SPIFFE IDs"),
                  &tls.trust_domain);
  const FilePath path;
  path.Read(map.Required("certificate", "the path of a PEM file"), &tls.files.certificate);
  path.Read(map.Required("key", "the path of a PEM file"), &tls.files.key);
  path.Read(map.Required("client_ca", "the path of a PEM file"), &tls.files.authorities);
}
ordered_json TlsSettings::Json(const std::optional<TlsConfig>& tls) const {
  if (!tls) return {};
  return {{"trust_domain", tls->trust_domain},
          {"certificate", tls->files.certificate},
          {"key", tls->files.key},
          {"client_ca", tls->files.authorities}};
}
std::string TlsSettings::Range() const { return ""; }
ordered_json TlsSettings::Schema() const {
  const ordered_json path = FilePath().Schema();
  return {{"type", "object"},
          {"additionalProperties", false},
          {"required", {"trust_domain", "certificate", "key", "client_ca"}},
          {"properties",
           {{"trust_domain", Text(kMaxTrustDomainBytes)},
            {"certificate", path},
            {"key", path},
            {"client_ca", path}}}};
}

void AccessRules::Read(const YamlValue& list, std::vector<AccessRule>* out) const {
  for (const YamlValue& item : list.Items()) ReadRule(item, &out->emplace_back());
}
ordered_json AccessRules::Json(const std::vector<AccessRule>& rules) const {
  if (rules.empty()) return {};
  ordered_json list = ordered_json::array();
  for (const AccessRule& rule : rules) list.push_back(RuleJson(rule));
  return list;
}
std::string AccessRules::Range() const { return ""; }
ordered_json AccessRules::Schema() const {
  const ordered_json pools = UniqueListOf(Names().Schema()["items"]);
  const ordered_json rule = {{"type", "object"},
                             {"additionalProperties", false},
                             {"required", {"identity", "roles"}},
                             {"properties",
                              {{"identity", Text(kMaxSpiffeIdBytes)},
                               {"roles", UniqueListOf({{"enum", {"ingest", "query", "admin"}}})},
                               {"pools", {{"anyOf", {{{"const", "*"}}, pools}}}},
                               {"sources", UniqueListOf(Text(kMaxSourceBytes))},
                               {"sees", pools}}}};
  return {{"type", "array"}, {"minItems", 1}, {"items", rule}};
}

}  // namespace fleetmeter
