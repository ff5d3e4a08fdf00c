#include "daemon/ctl/capacity/form_file.h"

#include <fmt/format.h>

#include "daemon/base/text.h"
#include "daemon/config/strict_yaml.h"
#include "daemon/ctl/capacity/form_fields.h"

namespace fleetmeter::ctl {
namespace {

constexpr std::string_view kRoiSection = "roi.";

void ReadField(YamlMap& map, const FormField& field, v1::CapacityForm* form) {
  const std::string_view key = field.key;
  const YamlValue value =
      map.Optional(key.substr(key.starts_with(kRoiSection) ? kRoiSection.size() : 0));
  const std::string* text = value.Scalar(field.expected);
  if (text == nullptr || field.set(*text, form)) return;
  value.Complain(fmt::format("is {}; expected {}", Quoted(*text), field.expected));
}

void ReadFields(YamlMap& map, bool of_roi, v1::CapacityForm* form) {
  for (const FormField& field : FormFields()) {
    if (std::string_view(field.key).starts_with(kRoiSection) == of_roi) {
      ReadField(map, field, form);
    }
  }
}

void ReadRoot(const YamlValue& root, v1::CapacityForm* form) {
  YamlMap map(root);
  ReadFields(map, false, form);
  bool beyond = false;
  map.Optional(kBeyondKey).ReadBool(&beyond);
  form->set_beyond_allocation(beyond);
  const YamlValue roi = map.Optional("roi");
  if (!roi.present()) return;
  form->mutable_roi();
  YamlMap fields(roi);
  ReadFields(fields, true, form);
}

}  // namespace

absl::StatusOr<v1::CapacityForm> ReadForm(const std::string& name, std::string_view text) {
  auto file = YamlFile::Parse(name, text);
  if (!file.ok()) return file.status();
  v1::CapacityForm form;
  ReadRoot((*file)->root(), &form);
  if (!(*file)->ok()) return (*file)->status();
  return form;
}

absl::StatusOr<v1::CapacityForm> ReadFormFile(const std::string& path) {
  const auto text = YamlFile::Read(path);
  if (!text.ok()) return text.status();
  return ReadForm(path, *text);
}

}  // namespace fleetmeter::ctl
