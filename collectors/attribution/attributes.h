// What a source knows about a thing that holds chips: a pod, a job, a container. And which
// attributes its things can have at all, so that a rule that asks for another one is refused.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace fleetmeter::collector {

// The attributes of one thing. An attribute that was not set is absent, and so is an empty text.
class Attributes {
 public:
  void Set(std::string name, std::string value);
  void Set(std::string name, std::vector<std::string> values);
  void Set(std::string name, int64_t value);

  // Empty if it is absent or an integer.
  std::span<const std::string> Texts(std::string_view name) const;
  // Nothing if it is absent or a text.
  std::optional<int64_t> Integer(std::string_view name) const;

  // `namespace "search", gpus 8`, for messages: short and printable, whatever the values are.
  std::string Describe() const;

 private:
  using Value = std::variant<std::vector<std::string>, int64_t>;
  std::map<std::string, Value, std::less<>> values_;
};

enum class AttributeKind {
  kText,
  kTexts,  // any number of them: a condition holds if it holds for one
  kInteger,
};

// What rules may ask of one attribute.
struct AttributeSpec {
  // A name that ends with a dot is a family, such as "label.": any name that begins with it.
  std::string name;
  AttributeKind kind = AttributeKind::kText;
  int64_t min = 0;  // of an integer, both inclusive
  int64_t max = INT64_MAX;

  bool IsFamily() const { return name.ends_with('.'); }
};

// What the rules of one source may say.
struct Vocabulary {
  std::vector<AttributeSpec> attributes;
  // Whether the source knows what to report about a thing that no rule matches.
  bool may_leave_unattributed = true;
  // Whether rules may say the customer tier: its things are requests, not holders of chips.
  bool has_customer_tiers = false;

  // Null: there is no such attribute.
  const AttributeSpec* Find(std::string_view name) const;
  // "namespace, pod, label.NAME", for messages.
  std::string Names() const;
};

}  // namespace fleetmeter::collector
