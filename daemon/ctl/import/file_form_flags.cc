#include "daemon/ctl/import/file_form_flags.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "daemon/base/text.h"

namespace fleetmeter::ctl {

void AddFileForm(CLI::App& app, CsvForm* form) {
  app.add_option_function<std::string>(
         "--time-zone",
         [form](const std::string& name) {
           absl::TimeZone zone;
           if (!absl::LoadTimeZone(name, &zone)) {
             throw CLI::ValidationError(fmt::format(
                 "--time-zone: {} is not a time zone such as Europe/Berlin", Quoted(name)));
           }
           form->time_zone = zone;
         },
         "The time zone of times that have no offset, such as Europe/Berlin. The default is UTC")
      ->type_name("ZONE");
}

}  // namespace fleetmeter::ctl
