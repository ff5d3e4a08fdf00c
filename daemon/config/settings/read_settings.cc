#include "daemon/config/settings/read_settings.h"

#include "daemon/config/settings/check_settings.h"
#include "daemon/config/settings/setting.h"

namespace fleetmeter {
namespace {

template <class Fields>
void ReadSection(const YamlValue& value, Fields* out);

// The visitor of one section.
template <class Fields>
class Reader {
 public:
  Reader(YamlMap& map, Fields* out) : map_(map), out_(out) {}

  template <class Kind, class... Path>
  void operator()(const Setting& setting, const Kind& kind, Path... path) {
    kind.Read(setting.required.empty() ? map_.Optional(setting.key)
                                       : map_.Required(setting.key, setting.required),
              &MemberAt(*out_, path...));
  }

  template <class Part>
  void operator()(const Section& section, Part Fields::* part) {
    ReadSection(map_.Optional(section.key), &(out_->*part));
  }

 private:
  YamlMap& map_;
  Fields* const out_;
};

template <class Fields>
void ReadSection(const YamlValue& value, Fields* out) {
  YamlMap map(value);
  Reader<Fields> reader(map, out);
  Fields::Describe(reader);
  CheckTogether(value, *out);
}

}  // namespace

void ReadSettings(const YamlValue& root, DaemonConfig* out) { ReadSection(root, out); }

}  // namespace fleetmeter
