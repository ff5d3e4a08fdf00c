#include "collectors/spool/manifest.h"

#include <fmt/format.h>
#include <zlib.h>

#include <charconv>
#include <sstream>

#include "collectors/core/outbox.h"

namespace fleetmeter::collector {
namespace {

constexpr char kTitle[] = "fleetmeter-spool 1\n";
constexpr std::string_view kChecksum = "checksum ";

std::string ChecksumText(std::string_view text) {
  return fmt::format("{:08x}",
                     crc32_z(0, reinterpret_cast<const Bytef*>(text.data()), text.size()));
}

std::string Hex(const std::string& bytes) {
  std::string out;
  for (const char byte : bytes) out += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  return out;
}

bool FromHex(const std::string& hex, std::string& bytes) {
  if (hex.size() % 2 != 0) return false;
  bytes.clear();
  for (size_t i = 0; i < hex.size(); i += 2) {
    int value = 0;
    const auto [end, error] = std::from_chars(hex.data() + i, hex.data() + i + 2, value, 16);
    if (error != std::errc() || end != hex.data() + i + 2) return false;
    bytes.push_back(static_cast<char>(value));
  }
  return true;
}

bool ReadSegment(std::istringstream& in, Manifest& manifest) {
  Manifest::Entry entry;
  std::string state;
  std::string release;
  in >> entry.number >> entry.first >> entry.records >> state >> release;
  if (!in || (state != "sealed" && state != "open")) return false;
  if (release != "released" && release != "kept") return false;
  entry.sealed = state == "sealed";
  entry.released = release == "released";
  manifest.segments.push_back(entry);
  return true;
}

bool ReadLine(const std::string& line, Manifest& manifest) {
  std::istringstream in(line);
  std::string key;
  std::string hex;
  in >> key;
  if (key == "spool") return in >> hex && FromHex(hex, manifest.spool_id);
  if (key == "stream") return in >> hex && FromHex(hex, manifest.stream_id);
  if (key == "ledger") return !(in >> hex) || FromHex(hex, manifest.ledger_id);
  if (key == "speed") return static_cast<bool>(in >> manifest.speed);
  if (key == "base") return static_cast<bool>(in >> manifest.stream_base);
  if (key == "acknowledged") return static_cast<bool>(in >> manifest.acknowledged);
  if (key == "window_end") return static_cast<bool>(in >> manifest.window_end_unix_nanos);
  if (key == "next") return static_cast<bool>(in >> manifest.next_number);
  if (key == "segment") return ReadSegment(in, manifest);
  if (key == "blank") {
    uint64_t position = 0;
    if (!(in >> position)) return false;
    manifest.blanks.insert(position);
    return true;
  }
  return false;
}

absl::Status CheckSense(const Manifest& manifest) {
  if (manifest.spool_id.size() != kStreamIdBytes || manifest.stream_id.size() != kStreamIdBytes) {
    return absl::DataLossError("ids are not of 16 bytes");
  }
  if (manifest.acknowledged < manifest.stream_base) {
    return absl::DataLossError("acknowledged lies before the stream");
  }
  uint64_t next = 0;
  for (const Manifest::Entry& entry : manifest.segments) {
    if (entry.first == 0 || (next != 0 && entry.first != next)) {
      return absl::DataLossError(
          fmt::format("segment {} does not follow the one before it", entry.number));
    }
    if (!entry.sealed && &entry != &manifest.segments.back()) {
      return absl::DataLossError(fmt::format("segment {} is open and not the last", entry.number));
    }
    if (entry.number >= manifest.next_number) {
      return absl::DataLossError(fmt::format("segment {} is numbered ahead", entry.number));
    }
    next = entry.first + entry.records;
  }
  return absl::OkStatus();
}

}  // namespace

std::string EncodeManifest(const Manifest& manifest) {
  std::string text = kTitle;
  text += fmt::format("spool {}\nstream {}\nledger {}\nspeed {}\n", Hex(manifest.spool_id),
                      Hex(manifest.stream_id), Hex(manifest.ledger_id), manifest.speed);
  text += fmt::format("base {}\nacknowledged {}\nwindow_end {}\nnext {}\n", manifest.stream_base,
                      manifest.acknowledged, manifest.window_end_unix_nanos, manifest.next_number);
  for (const Manifest::Entry& entry : manifest.segments) {
    text += fmt::format("segment {} {} {} {} {}\n", entry.number, entry.first,
                        entry.sealed ? entry.records : 0, entry.sealed ? "sealed" : "open",
                        entry.released ? "released" : "kept");
  }
  for (const uint64_t position : manifest.blanks) text += fmt::format("blank {}\n", position);
  text += fmt::format("{}{}\n", kChecksum, ChecksumText(text));
  return text;
}

absl::StatusOr<Manifest> ParseManifest(std::string_view text) {
  const size_t at = text.rfind(kChecksum);
  if (!text.starts_with(kTitle) || at == std::string_view::npos) {
    return absl::DataLossError("it is no manifest of a version that this program knows");
  }
  const std::string_view body = text.substr(0, at);
  if (text.substr(at) != fmt::format("{}{}\n", kChecksum, ChecksumText(body))) {
    return absl::DataLossError("its checksum is wrong");
  }
  Manifest manifest;
  std::istringstream in{std::string(body.substr(std::string_view(kTitle).size()))};
  for (std::string line; std::getline(in, line);) {
    if (!ReadLine(line, manifest)) {
      return absl::DataLossError(fmt::format("line '{}' is not understood", line));
    }
  }
  if (absl::Status sense = CheckSense(manifest); !sense.ok()) return sense;
  return manifest;
}

}  // namespace fleetmeter::collector
