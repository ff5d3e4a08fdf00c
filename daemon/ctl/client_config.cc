#include "daemon/ctl/client_config.h"

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string_view>
#include <system_error>

#include "daemon/base/units.h"
#include "daemon/config/strict_yaml.h"
#include "daemon/ctl/query_client.h"

namespace fleetmeter::ctl {
namespace {

constexpr size_t kLongestText = 4'096;
constexpr int64_t kShortestTimeout = kMillisecond;
constexpr char kFolderAndName[] = "fleetmeter/fleetmeterctl.yaml";
constexpr char kNone[] = "none";

std::string Variable(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nobody sets any
  return value == nullptr ? "" : value;
}

bool GivenByFlag(const Connection& connection, const std::string& key) {
  const auto [first, last] = connection.flags.equal_range(key);
  for (auto flag = first; flag != last; ++flag) {
    if (flag->second.given()) return true;
  }
  return false;
}

// One file: reads each key, right or wrong, and keeps what no flag has given.
class Filler {
 public:
  Filler(const std::string& path, Connection* connection)
      : folder_(std::filesystem::path(path).parent_path()), connection_(*connection) {}

  void Address(YamlMap& map, const char* key, std::string* out) const {
    std::string address;
    const YamlValue value = map.Optional(key);
    value.ReadText(kLongestText, &address);
    if (address.empty()) return;
    if (const absl::Status wrong = CheckAddress(address); !wrong.ok()) {
      return value.Complain(std::string(wrong.message()));
    }
    if (!GivenByFlag(connection_, key)) *out = address;
  }
  void Text(YamlMap& map, const std::string& key, std::string* out) const {
    std::string text;
    map.Optional(key.substr(key.find('.') + 1)).ReadText(kLongestText, &text);
    if (!text.empty() && !GivenByFlag(connection_, key)) *out = text;
  }
  void Path(YamlMap& map, const std::string& key, std::string* out) const {
    std::string path;
    map.Optional(key.substr(key.find('.') + 1)).ReadText(kLongestText, &path);
    if (!path.empty() && !GivenByFlag(connection_, key)) *out = (folder_ / path).string();
  }
  void Timeout(YamlMap& map) const {
    int64_t nanos = connection_.timeout.count();
    map.Optional("timeout").ReadDuration(kShortestTimeout, kHour, &nanos);
    if (!GivenByFlag(connection_, "timeout")) connection_.timeout = std::chrono::nanoseconds(nanos);
  }
  void Plaintext(YamlMap& map) const {
    constexpr char kKey[] = "plaintext_beyond_loopback_without_authentication";
    bool plaintext = false;
    map.Optional(kKey).ReadBool(&plaintext);
    bool& out = connection_.tls.plaintext_beyond_loopback_without_authentication;
    if (!GivenByFlag(connection_, kKey)) out |= plaintext;
  }

  // --tls-ca "" on the command line: plaintext, whatever the file has.
  bool TlsIsOff() const {
    return GivenByFlag(connection_, "tls.ca") && connection_.tls.files.authorities.empty();
  }

 private:
  const std::filesystem::path folder_;
  Connection& connection_;
};

void FillTls(const YamlValue& value, const Filler& fill, ClientTls* out) {
  YamlMap map(value);
  ClientTls tls = *out;
  fill.Path(map, "tls.ca", &tls.files.authorities);
  fill.Path(map, "tls.certificate", &tls.files.certificate);
  fill.Path(map, "tls.key", &tls.files.key);
  fill.Text(map, "tls.server_name", &tls.server_name);
  fill.Text(map, "tls.daemon_identity", &tls.daemon_identity);
  if (!fill.TlsIsOff()) *out = tls;
}

bool IsThere(const std::string& path) {
  std::error_code unknown;  // what cannot be looked at is told of when it is opened
  return std::filesystem::status(path, unknown).type() != std::filesystem::file_type::not_found;
}

}  // namespace

absl::Status FillFromFile(const std::string& path, Connection* connection) {
  auto file = YamlFile::Open(path);
  if (!file.ok()) return file.status();
  // Half of a file that is wrong must not decide whom we talk to.
  Connection filled = *connection;
  {
    const Filler fill(path, &filled);
    YamlMap map((*file)->root());
    fill.Address(map, "address", &filled.address);
    fill.Address(map, "admin_address", &filled.admin_address);
    fill.Address(map, "ingest_address", &filled.ingest_address);
    fill.Timeout(map);
    fill.Plaintext(map);
    FillTls(map.Optional("tls"), fill, &filled.tls);
  }
  if (absl::Status status = (*file)->status(); !status.ok()) return status;
  *connection = std::move(filled);
  return absl::OkStatus();
}

std::vector<std::string> ClientConfigPaths() {
  std::vector<std::string> paths = {std::string("/etc/") + kFolderAndName};
  const std::string folder = Variable("XDG_CONFIG_HOME");
  const std::string home = Variable("HOME");
  if (!folder.empty()) {
    paths.push_back(folder + "/" + kFolderAndName);
  } else if (!home.empty()) {
    paths.push_back(home + "/.config/" + kFolderAndName);
  }
  return paths;
}

absl::Status FillFromConfiguration(const std::string& named, Connection* connection) {
  if (named == kNone) return absl::OkStatus();
  if (!named.empty()) return FillFromFile(named, connection);
  for (const std::string& path : ClientConfigPaths()) {
    if (!IsThere(path)) continue;
    if (absl::Status status = FillFromFile(path, connection); !status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace fleetmeter::ctl
