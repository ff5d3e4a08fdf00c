// Kinds of settings with a single value: how it is written, and which values there are.
//
// A kind, here and in structures.h, has four functions. Read complains about what is wrong and does
// nothing if the value is absent. Json is the value as a file would say it, and null if it is not
// set; equal texts are equal values. Range says in a sentence which values there are, unless the
// help does. Schema is a JSON Schema of what Read takes.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace fleetmeter {

class DayZone;
class YamlValue;

// "45s", in nanoseconds.
struct DurationIn {
  int64_t min;
  int64_t max;

  void Read(const YamlValue& value, int64_t* out) const;
  nlohmann::ordered_json Json(int64_t nanos) const;
  std::string Range() const;
  nlohmann::ordered_json Schema() const;
};

// "4MiB", in bytes.
struct SizeIn {
  int64_t min;
  int64_t max;

  void Read(const YamlValue& value, int64_t* out) const;
  nlohmann::ordered_json Json(int64_t bytes) const;
  std::string Range() const;
  nlohmann::ordered_json Schema() const;
};

struct IntegerIn {
  int64_t min;
  int64_t max;

  void Read(const YamlValue& value, int64_t* out) const;
  nlohmann::ordered_json Json(int64_t number) const;
  std::string Range() const;
  nlohmann::ordered_json Schema() const;
};

// "90%" or 0.9, from 0 to 1.
struct AnyShare {
  void Read(const YamlValue& value, double* out) const;
  nlohmann::ordered_json Json(double share) const;
  std::string Range() const;
  nlohmann::ordered_json Schema() const;
};

struct TrueOrFalse {
  void Read(const YamlValue& value, bool* out) const;
  nlohmann::ordered_json Json(bool value) const;
  std::string Range() const;
  nlohmann::ordered_json Schema() const;
};

struct OneOf {
  std::vector<std::string_view> choices;

  void Read(const YamlValue& value, std::string* out) const;
  nlohmann::ordered_json Json(const std::string& choice) const;
  std::string Range() const;
  nlohmann::ordered_json Schema() const;
};

// A name of the IANA database of time zones.
struct TimeZoneName {
  void Read(const YamlValue& value, DayZone* out) const;
  nlohmann::ordered_json Json(const DayZone& zone) const;
  std::string Range() const;
  nlohmann::ordered_json Schema() const;
};

// Text of at most so many bytes. Empty: not set.
struct AnyText {
  size_t max_bytes;

  void Read(const YamlValue& value, std::string* out) const;
  nlohmann::ordered_json Json(const std::string& text) const;
  std::string Range() const;
  nlohmann::ordered_json Schema() const;
};

// A path, in the file relative to the file. Empty: not set.
struct FilePath {
  void Read(const YamlValue& value, std::string* out) const;
  nlohmann::ordered_json Json(const std::string& path) const;
  std::string Range() const;
  nlohmann::ordered_json Schema() const;
};

// "host:port" of a listener (listen_address.h). Empty: not set.
struct HostAndPort {
  void Read(const YamlValue& value, std::string* out) const;
  nlohmann::ordered_json Json(const std::string& address) const;
  std::string Range() const;
  nlohmann::ordered_json Schema() const;
};

}  // namespace fleetmeter
