// The sections that say who may speak: tls and authorization; and where plaintext may be spoken.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "daemon/config/daemon_config.h"
#include "daemon/config/strict_yaml.h"

namespace fleetmeter {

// A path, as the file's own folder sees it.
void ReadPath(const YamlValue& value, std::string* out);

void ReadTls(const YamlValue& section, std::optional<TlsConfig>* out);

// Rules are checked against the trust domain. There must be some exactly if there is TLS.
void ReadAuthorization(const YamlValue& list, const std::optional<TlsConfig>& tls,
                       std::vector<AccessRule>* out);

// Complains about listeners that other machines could reach and nobody would be asked who he is.
void CheckReach(const DaemonConfig& config, YamlFile* file);

}  // namespace fleetmeter
