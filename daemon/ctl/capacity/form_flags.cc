#include "daemon/ctl/capacity/form_flags.h"

#include <fmt/format.h>

#include "daemon/base/text.h"
#include "daemon/ctl/capacity/form_fields.h"
#include "daemon/ctl/capacity/form_file.h"

namespace fleetmeter::ctl {

void FormFlags::Add(Flags& flags) {
  flags
      .Add("--file", &file_,
           "Read the form from this YAML file, whose keys have the names of these options. "
           "Options win over the file")
      .ValueName("FILE");
  for (const FormField& field : FormFields()) {
    const auto read = [this, &field](const std::string& text) {
      v1::CapacityForm tried;
      if (!field.set(text, &tried)) {
        return absl::InvalidArgumentError(
            fmt::format("{} is not {}", Quoted(text), field.expected));
      }
      changes_.push_back([&field, text](v1::CapacityForm* form) { field.set(text, form); });
      return absl::OkStatus();
    };
    flags.Add(FlagOf(field.key), read, field.help).ValueName(field.value_name);
  }
  flags.AddSwitch(
      kBeyondFlag,
      [this] {
        changes_.push_back([](v1::CapacityForm* form) { form->set_beyond_allocation(true); });
      },
      "Ask for more than the pool is allocated. The capacity team decides then, and the form must "
      "have the ROI and the trade-off");
}

absl::StatusOr<v1::CapacityForm> FormFlags::Read(const v1::CapacityForm& start) const {
  v1::CapacityForm form = start;
  if (!file_.empty()) {
    const auto read = ReadFormFile(file_);
    if (!read.ok()) return read.status();
    form = *read;
  }
  for (const auto& change : changes_) change(&form);
  return form;
}

}  // namespace fleetmeter::ctl
