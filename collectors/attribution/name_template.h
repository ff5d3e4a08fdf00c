// A name that is made from a thing's attributes: "{namespace}", or "{account}-{partition}".
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "collectors/attribution/attributes.h"

namespace fleetmeter::collector {

inline constexpr size_t kMaxNameBytes = 128;  // of a label of a report

class NameTemplate {
 public:
  // InvalidArgument: "what was wrong; expected ...".
  static absl::StatusOr<NameTemplate> Parse(std::string_view text);

  // The names in braces.
  std::vector<std::string> AttributeNames() const;

  // Nothing if the thing lacks an attribute that is named here, or if the result is not a label
  // that a report may have.
  std::optional<std::string> Fill(const Attributes& thing) const;

 private:
  struct Part {
    bool is_attribute = false;
    std::string text;  // the name of the attribute, or what stands in the template
  };

  std::vector<Part> parts_;
};

}  // namespace fleetmeter::collector
