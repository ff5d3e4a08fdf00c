// YamlFile: one file and all that is wrong with it.
#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <system_error>

#include "daemon/config/strict_yaml.h"
#include "fmt/format.h"

namespace fleetmeter {
namespace {

constexpr size_t kMaxComplaints = 100;

// Line 0 is no line of the file: the value was set from outside it.
std::string Line(std::string_view file, int line, std::string_view path, std::string_view message) {
  if (line == 0) return fmt::format("{}: {} (as set): {}", file, path, message);
  return path.empty() ? fmt::format("{}:{}: {}", file, line, message)
                      : fmt::format("{}:{}: {}: {}", file, line, path, message);
}

// The child that the first part of a path names; takes that part off the path.
const YamlNode* Step(const YamlNode& node, std::string_view* path, int* line) {
  if (path->starts_with('[')) {
    size_t index = 0;
    const char* end = path->data() + path->size();
    const char* stop = std::from_chars(path->data() + 1, end, index).ptr;
    path->remove_prefix(std::min(static_cast<size_t>(stop - path->data()) + 1, path->size()));
    if (node.kind != YamlNode::Kind::kList || index >= node.values.size()) return nullptr;
    *line = node.values[index].line;
    return &node.values[index];
  }
  if (path->starts_with('.')) path->remove_prefix(1);
  const std::string_view key = path->substr(0, path->find_first_of(".["));
  path->remove_prefix(key.size());
  const auto found = std::find(node.keys.begin(), node.keys.end(), key);
  if (key.empty() || found == node.keys.end()) return nullptr;
  const size_t index = static_cast<size_t>(found - node.keys.begin());
  *line = node.key_lines[index];
  return &node.values[index];
}

}  // namespace

// Or as much of it as shows that it is too large.
absl::StatusOr<std::string> YamlFile::Read(const std::string& path) {
  // Opening a pipe would wait for somebody to write into it, and a device may have no end.
  std::error_code ignored;
  const std::filesystem::file_status status = std::filesystem::status(path, ignored);
  if (std::filesystem::is_directory(status)) {
    return absl::NotFoundError(fmt::format("{}: is a directory; expected a file", path));
  }
  if (std::filesystem::is_other(status)) {
    return absl::NotFoundError(
        fmt::format("{}: is a pipe, socket or device; expected a file", path));
  }
  errno = 0;
  std::ifstream stream(path, std::ios::binary);
  if (!stream) {
    return absl::NotFoundError(fmt::format("{}: cannot be opened: {}; expected a readable file",
                                           path, std::system_category().message(errno)));
  }
  std::string text;
  std::array<char, 1 << 16> block;
  while (stream.good() && text.size() <= kMaxYamlBytes) {
    stream.read(block.data(), block.size());
    text.append(block.data(), static_cast<size_t>(stream.gcount()));
  }
  if (stream.bad()) {
    return absl::NotFoundError(fmt::format("{}: cannot be read: {}; expected a readable file", path,
                                           std::system_category().message(errno)));
  }
  return text;
}

absl::StatusOr<std::unique_ptr<YamlFile>> YamlFile::Open(const std::string& path) {
  absl::StatusOr<std::string> text = Read(path);
  if (!text.ok()) return text.status();
  return Parse(path, *text);
}

absl::StatusOr<std::unique_ptr<YamlFile>> YamlFile::Parse(
    std::string name, std::string_view text, const std::vector<YamlOverride>& overrides) {
  YamlNode root;
  YamlSyntaxError error;
  if (!ParseYaml(text, &root, &error)) {
    return absl::InvalidArgumentError(Line(name, error.line, "", error.message));
  }
  for (const YamlOverride& override : overrides) {
    if (absl::Status status = ApplyYamlOverride(override, &root); !status.ok()) return status;
  }
  return std::unique_ptr<YamlFile>(new YamlFile(std::move(name), std::move(root)));
}

void YamlFile::Complain(int line, std::string_view path, std::string_view message) {
  complaints_.emplace(line, Line(name_, line, path, message));
}

void YamlFile::ComplainAt(std::string_view path, std::string_view message) {
  Complain(LineOf(path), path, message);
}

int YamlFile::LineOf(std::string_view path) const {
  int line = root_.line;
  const YamlNode* node = &root_;
  while (node != nullptr && !path.empty()) node = Step(*node, &path, &line);
  return line;
}

absl::Status YamlFile::status() const {
  if (ok()) return absl::OkStatus();
  std::string text;
  size_t shown = 0;
  for (const auto& [line, complaint] : complaints_) {
    if (shown == kMaxComplaints) break;
    if (shown++ > 0) text += '\n';
    text += complaint;
  }
  if (complaints_.size() > shown) {
    text += fmt::format("\n{}: and {} more", name_, complaints_.size() - shown);
  }
  return absl::InvalidArgumentError(text);
}

}  // namespace fleetmeter
