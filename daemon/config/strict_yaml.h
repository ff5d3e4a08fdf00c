// A strict reader of configuration files. Nothing is skipped or guessed: keys that nobody asked
// for, keys given twice, wrong types and values out of range are all complained about, each with
// its line and path, and reading goes on so that one run shows every mistake of a file.
//
//   YamlMap root(file.root());
//   root.Optional("silent_after").ReadDuration(kSecond, kDay, &silent_after_nanos);
//
// All of it belongs to one thread; values and maps point into their YamlFile and must not outlive
// it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "daemon/config/yaml_override.h"
#include "daemon/config/yaml_tree.h"

namespace fleetmeter {

class YamlFile;

// A place in a file: a value, or a value that is not there. Reading from an absent value does
// nothing; a value that is wrong is complained about and leaves the output as it was.
class YamlValue {
 public:
  YamlValue(YamlFile* file, const YamlNode* node, std::string path, int line)
      : file_(file), node_(node), path_(std::move(path)), line_(line) {}

  bool present() const { return node_ != nullptr; }
  const YamlNode& node() const { return *node_; }  // only if present
  const std::string& path() const { return path_; }
  int line() const { return line_; }
  YamlFile* file() const { return file_; }

  // "what was wrong; expected ...". Does nothing if absent.
  void Complain(std::string_view message) const;

  // The elements of a list of at least one.
  std::vector<YamlValue> Items() const;

  // A scalar as it stands, or nullptr after complaining that `expected` was expected.
  const std::string* Scalar(std::string_view expected) const;
  // Likewise, and the scalar must stand without quotes: "1" is text.
  const std::string* PlainScalar(std::string_view expected) const;

  // Letters, digits and . _ / -, at most 128, first a letter or digit: pools, teams, chips.
  void ReadName(std::string* out) const;
  // 1 to `max_bytes` of UTF-8 without control characters.
  void ReadText(size_t max_bytes, std::string* out) const;
  void ReadChoice(const std::vector<std::string_view>& choices, std::string* out) const;
  void ReadBool(bool* out) const;
  void ReadInteger(int64_t min, int64_t max, int64_t* out) const;
  void ReadNumber(double min, double max, double* out) const;
  // "0.9", "90%", "1/3" or "10%/3"; 0 to 1.
  void ReadShare(double* out) const;
  // "4", "400%", "1/2" or "10%/3".
  void ReadFactor(double min, double max, double* out) const;
  // "18e9" or "18B".
  void ReadAmount(double min, double max, double* out) const;
  void ReadDuration(int64_t min_nanos, int64_t max_nanos, int64_t* out) const;
  void ReadSize(int64_t min_bytes, int64_t max_bytes, int64_t* out) const;
  // A date or RFC 3339 time, as nanoseconds since the Unix epoch.
  void ReadTime(int64_t* out) const;

 private:
  YamlFile* file_;
  const YamlNode* node_;
  std::string path_;
  int line_;
};

// The keys of one mapping. Going out of scope, it complains about the keys that were not asked for.
class YamlMap {
 public:
  explicit YamlMap(const YamlValue& value);
  ~YamlMap();
  YamlMap(const YamlMap&) = delete;
  YamlMap& operator=(const YamlMap&) = delete;

  const YamlValue& value() const { return value_; }

  YamlValue Optional(std::string_view key);
  // Complains if the key is missing.
  YamlValue Required(std::string_view key, std::string_view expected);
  // All keys and values, for mappings whose keys are the user's.
  std::vector<std::pair<std::string, YamlValue>> Entries();

 private:
  YamlValue At(size_t index) const;
  void FindKeys();

  const YamlValue value_;
  bool is_map_ = false;
  bool open_ = false;  // any key is fine
  std::map<std::string, size_t, std::less<>> index_;
  std::vector<std::string> asked_;
};

// One file, and all complaints about it.
class YamlFile {
 public:
  // NotFound if it cannot be read, InvalidArgument if it is not YAML.
  static absl::StatusOr<std::unique_ptr<YamlFile>> Open(const std::string& path);
  // `name` stands in for the path in messages.
  static absl::StatusOr<std::unique_ptr<YamlFile>> Parse(
      std::string name, std::string_view text, const std::vector<YamlOverride>& overrides = {});
  // The text of a file of at most kMaxYamlBytes. NotFound says why it cannot be read.
  static absl::StatusOr<std::string> Read(const std::string& path);

  const std::string& name() const { return name_; }
  YamlValue root() { return YamlValue(this, &root_, "", root_.line); }

  void Complain(int line, std::string_view path, std::string_view message);
  // Finds the line by the path.
  void ComplainAt(std::string_view path, std::string_view message);
  // The line of a path such as "pools[3].tier", or of the nearest part of it that is in the file.
  int LineOf(std::string_view path) const;

  // Another file that was read for this one, such as rules that it names.
  void NoteUse(std::string path) { used_.push_back(std::move(path)); }
  const std::vector<std::string>& used() const { return used_; }

  bool ok() const { return complaints_.empty(); }
  // All complaints by line, one a line, or OK.
  absl::Status status() const;

 private:
  YamlFile(std::string name, YamlNode root) : name_(std::move(name)), root_(std::move(root)) {}

  const std::string name_;
  const YamlNode root_;
  std::multimap<int, std::string> complaints_;  // by line
  std::vector<std::string> used_;
};

}  // namespace fleetmeter
