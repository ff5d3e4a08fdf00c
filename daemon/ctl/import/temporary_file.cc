#include "daemon/ctl/import/temporary_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <utility>

namespace fleetmeter::imports {
namespace {

constexpr size_t kPendingBytes = size_t{1} << 17;

std::string TemporaryFolder() {
  const char* folder = std::getenv("TMPDIR");  // NOLINT(concurrency-mt-unsafe): nobody sets any
  return folder != nullptr && *folder != '\0' ? folder : "/tmp";
}

absl::Status Failed(const std::string& folder, const char* what) {
  return absl::ErrnoToStatus(
      errno, fmt::format("{} a temporary file in {}; the variable TMPDIR names another folder",
                         what, folder));
}

}  // namespace

TemporaryFile::TemporaryFile(int file, std::string folder)
    : file_(file), folder_(std::move(folder)) {}

TemporaryFile::~TemporaryFile() {
  if (file_ >= 0) close(file_);
}

TemporaryFile::TemporaryFile(TemporaryFile&& other) noexcept
    : file_(std::exchange(other.file_, -1)),
      folder_(std::move(other.folder_)),
      flushed_(other.flushed_),
      pending_(std::move(other.pending_)) {}

TemporaryFile& TemporaryFile::operator=(TemporaryFile&& other) noexcept {
  std::swap(file_, other.file_);
  std::swap(folder_, other.folder_);
  std::swap(flushed_, other.flushed_);
  std::swap(pending_, other.pending_);
  return *this;
}

absl::StatusOr<TemporaryFile> TemporaryFile::Make() {
  std::string folder = TemporaryFolder();
  std::string path = folder + "/fleetmeterctl-XXXXXX";
  const int file = mkostemp(path.data(), O_CLOEXEC);
  if (file < 0) return Failed(folder, "cannot make");
  unlink(path.c_str());
  return TemporaryFile(file, std::move(folder));
}

absl::Status TemporaryFile::Append(std::string_view bytes) {
  pending_.append(bytes);
  return pending_.size() < kPendingBytes ? absl::OkStatus() : Flush();
}

absl::Status TemporaryFile::Flush() {
  std::string_view left = pending_;
  while (!left.empty()) {
    const ssize_t written = pwrite(file_, left.data(), left.size(), static_cast<off_t>(flushed_));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return Failed(folder_, "cannot write");
    flushed_ += static_cast<uint64_t>(written);
    left.remove_prefix(static_cast<size_t>(written));
  }
  pending_.clear();
  return absl::OkStatus();
}

absl::Status TemporaryFile::Read(uint64_t offset, size_t most, std::string* bytes) const {
  bytes->resize(most);
  size_t got = 0;
  while (got < most) {
    const ssize_t read =
        pread(file_, bytes->data() + got, most - got, static_cast<off_t>(offset + got));
    if (read < 0 && errno == EINTR) continue;
    if (read < 0) return Failed(folder_, "cannot read");
    if (read == 0) break;
    got += static_cast<size_t>(read);
  }
  bytes->resize(got);
  return absl::OkStatus();
}

std::string TemporaryFile::path() const { return fmt::format("/proc/self/fd/{}", file_); }

}  // namespace fleetmeter::imports
