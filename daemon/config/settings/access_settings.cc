// Who may speak: the settings tls and authorization.
#include <algorithm>
#include <string_view>

#include "daemon/config/settings/kinds.h"
#include "daemon/config/settings/structures.h"
#include "daemon/config/strict_yaml.h"
#include "daemon/security/spiffe_id.h"
#include "fmt/format.h"
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
    item.ReadChoice({"ingest", "query", "admin", "ask", "decide", "allocate"}, &name);
    for (const Role role : kRoles) {
      if (name == Name(role) && !out->insert(role).second) {
        item.Complain("is listed twice; expected each role once");
      }
    }
  }
}

// A list of names of one thing, or "*" for all there are and will be.
void ReadNamesOrAll(const YamlValue& value, std::string_view thing, Names::Set* out, bool* all) {
  if (!value.present()) return;
  if (value.node().kind == YamlNode::Kind::kScalar) {
    std::string star;
    value.ReadChoice({"*"}, &star);
    *all = star == "*";
    return;
  }
  for (const YamlValue& item : value.Items()) {
    std::string name;
    item.ReadName(&name);
    if (!name.empty() && !out->insert(name).second) {
      item.Complain(fmt::format("is listed twice; expected each {} once", thing));
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

// The teams that are asked for, and the pools that are decided in: with their roles, and only then.
void ReadCapacityRights(YamlMap& map, const YamlValue& rule, AccessRule* out) {
  const YamlValue teams = map.Optional("teams");
  ReadNamesOrAll(teams, "team", &out->teams, &out->all_teams);
  const YamlValue decides = map.Optional("decides");
  ReadNamesOrAll(decides, "pool", &out->decides_in, &out->decides_in_all);
  if (out->roles.empty()) return;
  const bool asks = out->roles.contains(Role::kAsk);
  if (teams.present() && !asks) {
    teams.Complain(
        "is given without the role ask; expected teams only where capacity is asked for");
  }
  if (!teams.present() && asks) {
    rule.Complain("has the role ask without teams; expected the teams that it asks for, or \"*\"");
  }
  const bool decides_in = out->roles.contains(Role::kDecide);
  if (decides.present() && !decides_in) {
    decides.Complain(
        "is given without the role decide; expected decides only where requests are decided");
  }
  if (!decides.present() && decides_in) {
    rule.Complain(
        "has the role decide without decides; expected the pools that it decides in, or \"*\"");
  }
}

void ReadRule(const YamlValue& value, AccessRule* out) {
  YamlMap map(value);
  map.Required("identity", "a SPIFFE ID, or one that ends in /*")
      .ReadText(kMaxSpiffeIdBytes, &out->identity);
  ReadRoles(map.Required("roles", "a list of ingest, query, admin, ask, decide, allocate"),
            &out->roles);
  const YamlValue pools = map.Optional("pools");
  ReadNamesOrAll(pools, "pool", &out->pools, &out->all_pools);
  if (pools.present() && !out->roles.empty() && !out->roles.contains(Role::kIngest)) {
    pools.Complain("is given without the role ingest; expected pools only where usage is reported");
  }
  ReadSees(map.Optional("sees"), out);
  ReadCapacityRights(map, value, out);
  const YamlValue sources = map.Optional("sources");
  if (!sources.present()) return;
  ReadSources(sources, out);
  if (!out->roles.empty() && !out->roles.contains(Role::kIngest)) {
    sources.Complain(
        "is given without the role ingest; expected sources only where usage is reported");
  }
}

void PutNamesOrAll(std::string_view key, const Names::Set& names, bool all, ordered_json* json) {
  if (all) {
    (*json)[std::string(key)] = "*";
  } else if (!names.empty()) {
    (*json)[std::string(key)] = names;
  }
}

ordered_json RuleJson(const AccessRule& rule) {
  ordered_json roles = ordered_json::array();
  for (const Role role : rule.roles) roles.push_back(std::string(Name(role)));
  ordered_json json = {{"identity", rule.identity}, {"roles", roles}};
  PutNamesOrAll("pools", rule.pools, rule.all_pools, &json);
  if (!rule.sources.empty()) json["sources"] = rule.sources;
  if (rule.sees) json["sees"] = *rule.sees;
  PutNamesOrAll("teams", rule.teams, rule.all_teams, &json);
  PutNamesOrAll("decides", rule.decides_in, rule.decides_in_all, &json);
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
  const ordered_json names = UniqueListOf(Names().Schema()["items"]);
  const ordered_json names_or_all = {{"anyOf", {{{"const", "*"}}, names}}};
  ordered_json roles = ordered_json::array();
  for (const Role role : kRoles) roles.push_back(std::string(Name(role)));
  const ordered_json rule = {{"type", "object"},
                             {"additionalProperties", false},
                             {"required", {"identity", "roles"}},
                             {"properties",
                              {{"identity", Text(kMaxSpiffeIdBytes)},
                               {"roles", UniqueListOf({{"enum", roles}})},
                               {"pools", names_or_all},
                               {"sources", UniqueListOf(Text(kMaxSourceBytes))},
                               {"sees", names},
                               {"teams", names_or_all},
                               {"decides", names_or_all}}}};
  return {{"type", "array"}, {"minItems", 1}, {"items", rule}};
}

}  // namespace fleetmeter
