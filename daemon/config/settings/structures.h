// Kinds of settings that are lists or mappings; kinds.h says what a kind is.
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/domain/outcomes/rules.h"
#include "daemon/security/access_policy.h"
#include "daemon/security/tls_files.h"

namespace fleetmeter {

class YamlValue;

// Paths, each once, at least one.
struct FilePaths {
  void Read(const YamlValue& list, std::vector<std::string>* out) const;
  nlohmann::ordered_json Json(const std::vector<std::string>& paths) const;
  std::string Range() const;
  nlohmann::ordered_json Schema() const;
};

// Names, at least one.
struct Names {
  using Set = std::set<std::string, std::less<>>;

  void Read(const YamlValue& list, Set* out) const;
  nlohmann::ordered_json Json(const Set& names) const;
  std::string Range() const;
  nlohmann::ordered_json Schema() const;
};

// [28d, quarter, year]: windows that end with today, each once, at least one.
struct TrailingWindows {
  size_t most;

  void Read(const YamlValue& list, std::vector<outcomes::Window>* out) const;
  nlohmann::ordered_json Json(const std::vector<outcomes::Window>& windows) const;
  std::string Range() const;
  nlohmann::ordered_json Schema() const;
};

// {input: 1, cached_input: 0.1, output: 5}, at least one above 0.
struct TokenWeightsUpTo {
  double max;

  void Read(const YamlValue& section, outcomes::TokenWeights* out) const;
  nlohmann::ordered_json Json(const outcomes::TokenWeights& weights) const;
  std::string Range() const;
  nlohmann::ordered_json Schema() const;
};

// {much: 20%, little: 2%}, little at most much.
struct VolumeShares {
  void Read(const YamlValue& section, outcomes::VolumeRule* out) const;
  nlohmann::ordered_json Json(const outcomes::VolumeRule& volume) const;
  std::string Range() const;
  nlohmann::ordered_json Schema() const;
};

struct TlsConfig {
  std::string trust_domain;  // of the SPIFFE IDs of callers
  TlsPaths files;            // in the file relative to the file; authorities is client_ca there
};

// Trust domain and files. Nothing: not set.
struct TlsSettings {
  void Read(const YamlValue& section, std::optional<TlsConfig>* out) const;
  nlohmann::ordered_json Json(const std::optional<TlsConfig>& tls) const;
  std::string Range() const;
  nlohmann::ordered_json Schema() const;
};

// Rules, at least one; whether their identities are of the trust domain is checked with the rest of
// the file (check_settings.h). None: not set.
struct AccessRules {
  void Read(const YamlValue& list, std::vector<AccessRule>* out) const;
  nlohmann::ordered_json Json(const std::vector<AccessRule>& rules) const;
  std::string Range() const;
  nlohmann::ordered_json Schema() const;
};

}  // namespace fleetmeter
