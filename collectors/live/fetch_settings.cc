#include "collectors/live/fetch_settings.h"

#include "daemon/base/units.h"
#include "daemon/config/settings/kinds.h"

namespace fleetmeter::collector {
namespace {

constexpr size_t kMaxUrlBytes = 8'192;
constexpr size_t kMaxServerNameBytes = 256;

}  // namespace

FetchOptions ReadFetchSettings(YamlMap& entry, const SourceContext& context,
                               const std::string& default_url) {
  FetchOptions options;
  options.url = default_url;
  options.deadline = context.timeout;
  const YamlValue url = default_url.empty() ? entry.Required("url",
                                                             "the address of the exporter, such as "
                                                             "http://127.0.0.1:9400/metrics")
                                            : entry.Optional("url");
  url.ReadText(kMaxUrlBytes, &options.url);
  FilePath{}.Read(entry.Optional("bearer_token_file"), &options.bearer_token_file);
  entry.Optional("max_body").ReadSize(kKiB, kGiB, &options.max_body_bytes);
  const YamlValue tls = entry.Optional("tls");
  if (tls.present()) {
    YamlMap map(tls);
    FilePath{}.Read(map.Optional("ca"), &options.ca_file);
    FilePath{}.Read(map.Optional("certificate"), &options.certificate_file);
    FilePath{}.Read(map.Optional("key"), &options.key_file);
    map.Optional("server_name").ReadText(kMaxServerNameBytes, &options.server_name);
  }
  if (options.url.empty()) return options;  // complained about already
  if (absl::Status status = CheckFetchOptions(options); !status.ok()) {
    (url.present() ? url : entry.value()).Complain(std::string(status.message()));
  }
  return options;
}

}  // namespace fleetmeter::collector
