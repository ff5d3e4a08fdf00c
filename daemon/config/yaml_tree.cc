#include "daemon/config/yaml_tree.h"

#include <algorithm>
#include <optional>
#include <sstream>

#include "daemon/base/text.h"
#include "fmt/format.h"
#include "yaml-cpp/eventhandler.h"
#include "yaml-cpp/exceptions.h"
#include "yaml-cpp/mark.h"
#include "yaml-cpp/parser.h"

namespace fleetmeter {
namespace {

[[noreturn]] void Refuse(const YAML::Mark& mark, const std::string& why) {
  throw YAML::ParserException(mark, why);
}

// Builds the tree from the parser's events. yaml-cpp's own nodes no longer know about anchors and
// take the first of two equal keys in silence, hence a tree of our own.
class TreeBuilder : public YAML::EventHandler {
 public:
  explicit TreeBuilder(YamlNode* root) : root_(root) {}

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ > 1) Refuse(mark, "a second document starts here; expected one");
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Add(mark, "?", anchor, YamlNode::Kind::kEmpty);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override { RefuseAnchor(mark); }
  void OnAnchor(const YAML::Mark& mark, const std::string&) override { RefuseAnchor(mark); }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    if (ExpectsKey()) return AddKey(mark, tag, anchor, value);
    YamlNode* node = Add(mark, tag, anchor, YamlNode::Kind::kScalar);
    node->scalar = value;
    node->quoted = tag == "!";
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    Open(mark, tag, anchor, YamlNode::Kind::kList);
  }
  void OnSequenceEnd() override { open_.pop_back(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    Open(mark, tag, anchor, YamlNode::Kind::kMap);
  }
  void OnMapEnd() override { open_.pop_back(); }

 private:
  [[noreturn]] static void RefuseAnchor(const YAML::Mark& mark) {
    Refuse(mark, "anchors (&) and aliases (*) are refused; expected every value written out");
  }

  static void CheckPlain(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    if (anchor != YAML::NullAnchor) RefuseAnchor(mark);
    // "?" stands for an untagged value, "!" for a quoted one.
    if (!tag.empty() && tag != "?" && tag != "!") {
      Refuse(mark, fmt::format("tag {} is refused; expected a value without a tag", Quoted(tag)));
    }
  }

  bool ExpectsKey() const {
    if (open_.empty() || open_.back()->kind != YamlNode::Kind::kMap) return false;
    return open_.back()->keys.size() == open_.back()->values.size();
  }

  void AddKey(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
              const std::string& key) {
    CheckPlain(mark, tag, anchor);
    open_.back()->keys.push_back(key);
    open_.back()->key_lines.push_back(mark.line + 1);
  }

  // A child's address stays good while it is being filled: only the innermost open node grows.
  YamlNode* Add(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                YamlNode::Kind kind) {
    CheckPlain(mark, tag, anchor);
    if (ExpectsKey()) Refuse(mark, "a key is empty, a list or a mapping; expected a name");
    if (++values_ > kMaxYamlValues) {
      Refuse(mark, fmt::format("too many values; expected at most {}", kMaxYamlValues));
    }
    YamlNode* node = open_.empty() ? root_ : &open_.back()->values.emplace_back();
    node->kind = kind;
    node->line = mark.line + 1;
    return node;
  }

  void Open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
            YamlNode::Kind kind) {
    if (open_.size() >= kMaxYamlDepth) {
      Refuse(mark, fmt::format("nested too deeply; expected at most {} levels", kMaxYamlDepth));
    }
    open_.push_back(Add(mark, tag, anchor, kind));
  }

  YamlNode* const root_;
  std::vector<YamlNode*> open_;  // from the root inwards
  size_t values_ = 0;
  int documents_ = 0;
};

// yaml-cpp takes the last line end of a file for the closing quote of a scalar that has none.
// Ending in a comment instead makes that an error, and changes nothing for any other text.
std::string Terminated(std::string_view text) {
  const bool open = !text.empty() && text.back() != '\n';
  return fmt::format("{}{}# end", text, open ? "\n" : "");
}

int LineAt(std::string_view text, size_t offset) {
  return 1 + static_cast<int>(std::count(text.begin(), text.begin() + offset, '\n'));
}

// The line where too many brackets are open; none: there is no such line. A text may have more that
// close than open, as in a sentence.
std::optional<int> FindTooManyOpen(std::string_view text) {
  size_t open = 0;
  for (size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if ((c == ']' || c == '}') && open > 0) --open;
    if ((c == '[' || c == '{') && ++open > kMaxYamlOpenBrackets) return LineAt(text, at);
  }
  return std::nullopt;
}

// The line that is too long; none: there is no such line.
std::optional<int> FindTooLong(std::string_view text) {
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    if (end - begin > kMaxYamlLineBytes) return LineAt(text, begin);
    begin = end + 1;
  }
  return std::nullopt;
}

// What would mislead the parser or the reader of its messages.
bool CheckBytes(std::string_view text, YamlSyntaxError* error) {
  if (text.size() > kMaxYamlBytes) {
    *error = {1, fmt::format("is larger than {} MiB; expected less", kMaxYamlBytes >> 20)};
    return false;
  }
  if (const auto bad = FindInvalidUtf8(text)) {
    *error = {LineAt(text, *bad), "is not UTF-8; expected UTF-8 text"};
    return false;
  }
  if (const size_t nul = text.find('\0'); nul != std::string_view::npos) {
    *error = {LineAt(text, nul), "holds a NUL byte; expected text"};
    return false;
  }
  if (const auto line = FindTooLong(text)) {
    *error = {*line, fmt::format("is longer than {} MiB in one line; expected more lines",
                                 kMaxYamlLineBytes >> 20)};
    return false;
  }
  if (const auto line = FindTooManyOpen(text)) {
    *error = {*line, fmt::format("more than {} brackets and braces are open; expected values that "
                                 "are nested at most {} levels deep",
                                 kMaxYamlOpenBrackets, kMaxYamlDepth)};
    return false;
  }
  return true;
}

// yaml-cpp's own messages say only what was wrong.
std::string WithExpectation(const std::string& message) {
  const bool complete = message.find("; expected ") != std::string::npos;
  return complete ? message : message + "; expected YAML";
}

}  // namespace

bool ParseYaml(std::string_view text, YamlNode* root, YamlSyntaxError* error) {
  *root = YamlNode{};
  if (!CheckBytes(text, error)) return false;
  try {
    std::istringstream stream(Terminated(text));
    YAML::Parser parser(stream);
    TreeBuilder builder(root);
    while (parser.HandleNextDocument(builder)) {
    }
    return true;
  } catch (const YAML::Exception& e) {
    *error = {e.mark.is_null() ? 1 : e.mark.line + 1, WithExpectation(e.msg)};
  } catch (const std::exception& e) {
    *error = {1, fmt::format("cannot be read: {}; expected YAML", e.what())};
  }
  return false;
}

}  // namespace fleetmeter
