// A name that is made from a thing's attributes, and from what patterns captured of them:
// "{namespace}", or "{account}-{partition}".
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "collectors/attribution/attributes.h"
#include "collectors/attribution/pattern.h"

namespace fleetmeter::collector {

inline constexpr size_t kMaxNameBytes = 128;  // of a label of a report

class NameTemplate {
 public:
  // InvalidArgument: "what was wrong; expected ...".
  static absl::StatusOr<NameTemplate> Parse(std::string_view text);

  // The names in braces.
  std::vector<std::string> AttributeNames() const;

  // A name in braces is that of a capture, or else of an attribute. Nothing if there is neither, or
  // if the result is not a label that a report may have.
  std::optional<std::string> Fill(const Attributes& thing, const Captures& captures = {}) const;

 private:
  struct Part {
    bool is_attribute = false;
    std::string text;  // the name of the attribute, or what stands in the template
  };

  std::vector<Part> parts_;
};

}  // namespace fleetmeter::collector
