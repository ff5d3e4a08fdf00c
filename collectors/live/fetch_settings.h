// The keys that every source has which asks a server over HTTP: url, bearer_token_file, tls,
// max_body.
#pragma once

#include "collectors/live/source_type.h"
#include "daemon/config/strict_yaml.h"
#include "daemon/fetch/http_fetch.h"

namespace fleetmeter::collector {

// Reads the keys and complains about what is wrong. `default_url` is for a source whose server has
// a usual place; empty: `url` is required. The deadline is the context's timeout.
FetchOptions ReadFetchSettings(YamlMap& entry, const SourceContext& context,
                               const std::string& default_url);

}  // namespace fleetmeter::collector
