// What settings may not say together. Each check complains at its place in the file, after the
// settings of that section were read. A section without a check has nothing to contradict.
#pragma once

#include "daemon/config/daemon_config.h"
#include "daemon/config/strict_yaml.h"

namespace fleetmeter {

template <class AnySection>
void CheckTogether(const YamlValue&, const AnySection&) {}
void CheckTogether(const YamlValue& section, const ListenConfig& listen);
void CheckTogether(const YamlValue& section, const IngestConfig& ingest);
void CheckTogether(const YamlValue& section, const LedgerConfig& ledger);
void CheckTogether(const YamlValue& section, const LiveConfig& live);
void CheckTogether(const YamlValue& section, const OtlpConfig& otlp);
// Across sections: who may speak, and from where.
void CheckTogether(const YamlValue& root, const DaemonConfig& config);

}  // namespace fleetmeter
