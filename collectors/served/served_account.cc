#include "collectors/served/served_account.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "collectors/core/outbox.h"

namespace fleetmeter::collector {
namespace {

using nlohmann::json;

constexpr int kAccountVersion = 1;
constexpr char kHexDigits[] = "0123456789abcdef";
constexpr unsigned kHexBase = 16;

std::string ToHexText(const std::string& bytes) {
  std::string text;
  for (const char byte : bytes) {
    const auto value = static_cast<unsigned char>(byte);
    text += kHexDigits[value / kHexBase];
    text += kHexDigits[value % kHexBase];
  }
  return text;
}

// Nothing but digits of hexadecimals, two for a byte.
absl::StatusOr<std::string> FromHexText(const std::string& text) {
  std::string bytes;
  const std::string_view digits = kHexDigits;
  for (size_t i = 0; i + 1 < text.size(); i += 2) {
    const size_t high = digits.find(text[i]);
    const size_t low = digits.find(text[i + 1]);
    if (high == std::string_view::npos || low == std::string_view::npos) {
      return absl::DataLossError("has bytes that are not hexadecimal");
    }
    bytes += static_cast<char>(high * kHexBase + low);
  }
  if (text.size() % 2 != 0) return absl::DataLossError("has half a byte");
  return bytes;
}

absl::StatusOr<ServedAccount> FromObject(const json& object) {
  if (object.at("version").get<int>() != kAccountVersion) {
    return absl::DataLossError("is of another version; expected 1");
  }
  auto stream_id = FromHexText(object.at("stream_id").get<std::string>());
  if (!stream_id.ok()) return stream_id.status();
  auto under_way = FromHexText(object.at("under_way").get<std::string>());
  if (!under_way.ok()) return under_way.status();
  auto counts = ServedCounts::Read(object.at("counts").get<std::string>());
  if (!counts.ok()) return counts.status();
  if (stream_id->size() != kStreamIdBytes) return absl::DataLossError("has no id of a stream");
  return ServedAccount{.stream_id = *std::move(stream_id),
                       .sequence = object.at("sequence").get<uint64_t>(),
                       .under_way = *std::move(under_way),
                       .counts = *std::move(counts)};
}

}  // namespace

ServedAccount ServedAccount::Begin() {
  ServedAccount account;
  account.stream_id = RandomStreamId();
  return account;
}

void ServedAccount::BeginStream() {
  stream_id = RandomStreamId();
  sequence = under_way.empty() ? 0 : 1;
}

std::string ServedAccount::Write() const {
  const json object = {{"version", kAccountVersion},
                       {"stream_id", ToHexText(stream_id)},
                       {"sequence", sequence},
                       {"under_way", ToHexText(under_way)},
                       {"counts", counts.Write()}};
  return object.dump() + "\n";
}

absl::StatusOr<ServedAccount> ServedAccount::Read(const std::string& text) {
  try {
    return FromObject(json::parse(text));
  } catch (const json::exception& error) {
    return absl::DataLossError(fmt::format("is no state of a source: {}", error.what()));
  }
}

}  // namespace fleetmeter::collector
