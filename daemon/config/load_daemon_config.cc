#include "daemon/config/load_config.h"
#include "daemon/config/settings/read_settings.h"
#include "daemon/config/strict_yaml.h"

namespace fleetmeter {

absl::StatusOr<DaemonConfig> LoadDaemonConfig(const std::string& path) {
  auto file = YamlFile::Open(path);
  if (!file.ok()) return file.status();
  DaemonConfig config;
  ReadSettings((*file)->root(), &config);
  if (!(*file)->ok()) return (*file)->status();
  return config;
}

}  // namespace fleetmeter
