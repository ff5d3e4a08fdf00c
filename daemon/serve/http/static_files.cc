#include "daemon/serve/http/static_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <system_error>
#include <utility>

#include "daemon/base/digest.h"
#include "daemon/serve/http/gzip.h"

namespace fleetmeter {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMostBytes = size_t{32} << 20;
constexpr size_t kMostFiles = 1'000;

using Kind = std::pair<std::string_view, std::string_view>;
constexpr std::array kKinds = {
    Kind{".html", "text/html; charset=utf-8"},
    Kind{".js", "text/javascript; charset=utf-8"},
    Kind{".mjs", "text/javascript; charset=utf-8"},
    Kind{".css", "text/css; charset=utf-8"},
    Kind{".json", "application/json"},
    Kind{".map", "application/json"},
    Kind{".webmanifest", "application/manifest+json"},
    Kind{".svg", "image/svg+xml"},
    Kind{".png", "image/png"},
    Kind{".ico", "image/x-icon"},
    Kind{".woff2", "font/woff2"},
    Kind{".txt", "text/plain; charset=utf-8"},
};

std::optional<std::string_view> TypeOf(const fs::path& path) {
  const std::string extension = path.extension().string();
  for (const auto& [known, type] : kKinds) {
    if (known == extension) return type;
  }
  return std::nullopt;
}

absl::Status Failed(const std::string& folder, std::string_view why) {
  return absl::FailedPreconditionError(fmt::format("{}: {}", folder, why));
}

bool IsHidden(const fs::path& path) { return path.filename().string().starts_with('.'); }

std::optional<std::string> BytesOf(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::string bytes(std::istreambuf_iterator<char>(in), {});
  if (!in && !in.eof()) return std::nullopt;
  return bytes;
}

bool Lists(std::string_view list, const std::string& etag) {
  return list == "*" || list.find(etag) != std::string_view::npos;
}

}  // namespace

HttpHeaders PageHeaders() {
  return {{"Content-Security-Policy",
           "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; "
           "form-action 'none'; frame-ancestors 'none'"},
          {"X-Content-Type-Options", "nosniff"},
          {"X-Frame-Options", "DENY"},
          {"Referrer-Policy", "no-referrer"},
          {"Cross-Origin-Opener-Policy", "same-origin"}};
}

absl::StatusOr<StaticFiles> StaticFiles::Read(const std::string& folder) {
  std::error_code error;
  if (!fs::is_directory(folder, error)) {
    return absl::NotFoundError(fmt::format("{}: is not a folder that can be read", folder));
  }
  StaticFiles all;
  size_t bytes = 0;
  fs::recursive_directory_iterator at(folder, error);
  for (; !error && at != fs::recursive_directory_iterator(); at.increment(error)) {
    if (IsHidden(at->path())) {
      at.disable_recursion_pending();
      continue;
    }
    const auto type = TypeOf(at->path());
    if (!type || fs::symlink_status(at->path(), error).type() != fs::file_type::regular) continue;
    auto content = BytesOf(at->path());
    if (!content) return Failed(folder, fmt::format("{} cannot be read", at->path().string()));
    bytes += content->size();
    if (bytes > kMostBytes || all.files_.size() == kMostFiles) {
      return absl::ResourceExhaustedError(fmt::format("{}: has more than {} files or {} MiB",
                                                      folder, kMostFiles, kMostBytes >> 20));
    }
    File file{.type = *type, .bytes = *std::move(content), .gzipped = {}, .etag = {}};
    file.gzipped = Gzip(file.bytes);
    if (file.gzipped.size() >= file.bytes.size()) file.gzipped.clear();
    file.etag = fmt::format("\"{:016x}{:x}\"", Digest64(file.bytes), file.bytes.size());
    all.files_.emplace("/" + fs::relative(at->path(), folder).generic_string(), std::move(file));
  }
  if (error) return Failed(folder, error.message());
  if (!all.Has("/")) return Failed(folder, "has no index.html");
  return all;
}

const StaticFiles::File* StaticFiles::Find(std::string_view path) const {
  const auto file = files_.find(path == "/" ? std::string_view("/index.html") : path);
  return file == files_.end() ? nullptr : &file->second;
}

HttpResponse StaticFiles::Answer(std::string_view path, const HttpRequest& request) const {
  const File& file = *Find(path);
  HttpResponse response;
  response.content_type = std::string(file.type);
  response.headers = PageHeaders();
  response.headers.emplace_back("ETag", file.etag);
  response.headers.emplace_back("Vary", "Accept-Encoding");
  response.cache_control = "no-cache";  // it may be kept, and is asked for again by its ETag
  if (Lists(request.Header("if-none-match"), file.etag)) {
    response.status = 304;
    return response;
  }
  const bool gzip = !file.gzipped.empty() && request.AcceptsGzip();
  if (gzip) response.headers.emplace_back("Content-Encoding", "gzip");
  response.body = gzip ? file.gzipped : file.bytes;
  return response;
}

}  // namespace fleetmeter
