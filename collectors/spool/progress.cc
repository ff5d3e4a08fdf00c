#include "collectors/spool/progress.h"

#include <fmt/format.h>
#include <zlib.h>

#include <charconv>
#include <utility>

namespace fleetmeter::collector {
namespace {

constexpr std::string_view kProgressTitle = "fleetmeter-spool-progress 1";
constexpr std::string_view kSegmentWord = " segment ";
constexpr std::string_view kRecordsWord = " records ";
constexpr size_t kProgressDigits = 20;

std::string WithProgressChecksum(const std::string& text) {
  const auto* bytes = reinterpret_cast<const Bytef*>(text.data());
  return fmt::format("{} checksum {:08x}\n", text, crc32_z(0, bytes, text.size()));
}

// The number behind a word, which are taken off the front.
std::optional<uint64_t> TakeNumber(std::string_view word, std::string_view& text) {
  if (!text.starts_with(word) || text.size() < word.size() + kProgressDigits) return std::nullopt;
  const char* begin = text.data() + word.size();
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(begin, begin + kProgressDigits, number);
  if (error != std::errc() || end != begin + kProgressDigits) return std::nullopt;
  text.remove_prefix(word.size() + kProgressDigits);
  return number;
}

}  // namespace

// Always of one length, so that a new text covers the old one.
std::string EncodeProgress(const Progress& progress) {
  return WithProgressChecksum(fmt::format("{}{}{:020}{}{:020}", kProgressTitle, kSegmentWord,
                                          progress.segment, kRecordsWord, progress.records));
}

std::optional<Progress> ParseProgress(std::string_view text) {
  std::string_view rest = text;
  if (!rest.starts_with(kProgressTitle)) return std::nullopt;
  rest.remove_prefix(kProgressTitle.size());
  const auto segment = TakeNumber(kSegmentWord, rest);
  if (!segment) return std::nullopt;
  const auto records = TakeNumber(kRecordsWord, rest);
  if (!records) return std::nullopt;
  const Progress progress{*segment, *records};
  if (text != EncodeProgress(progress)) return std::nullopt;
  return progress;
}

std::optional<Progress> ProgressFile::Read(Disk& disk, const std::string& folder) {
  const auto text = disk.ReadAll(folder + "/" + kName);
  return text.ok() ? ParseProgress(*text) : std::nullopt;
}

void ProgressFile::Write(Disk& disk, const std::string& folder, const Progress& progress) {
  const std::string path = folder + "/" + kName;
  if (!file_.open()) {
    auto file = disk.OpenExisting(path);
    if (absl::IsNotFound(file.status())) file = disk.Create(path);
    if (!file.ok()) return;
    file_ = *std::move(file);
  }
  disk.Write(file_, path, 0, EncodeProgress(progress)).IgnoreError();
}

}  // namespace fleetmeter::collector
