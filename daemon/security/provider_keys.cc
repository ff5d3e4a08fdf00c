#include "daemon/security/provider_keys.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <utility>

#include "daemon/base/counted.h"
#include "daemon/base/log_fields.h"
#include "daemon/base/text.h"
#include "daemon/fetch/http_fetch.h"
#include "daemon/security/key_cache.h"
#include "fmt/format.h"

namespace fleetmeter {
namespace {

constexpr std::string_view kDiscoveryPath = "/.well-known/openid-configuration";
constexpr auto kFetchDeadline = std::chrono::seconds(10);
constexpr int64_t kMostSetBytes = 1 << 20;

absl::Status WrongDocument(std::string_view why) {
  return absl::InvalidArgumentError(fmt::format("the discovery document {}", why));
}

std::string TextMember(const nlohmann::json& object, const char* name) {
  const auto member = object.find(name);
  return member != object.end() && member->is_string() ? member->get<std::string>() : "";
}

}  // namespace

struct ProviderKeys::Fetched {
  std::shared_ptr<const JwtKeys> keys;
  std::string text;
  int64_t age_nanos = 0;
};

absl::StatusOr<std::string> ReadDiscovery(std::string_view document, std::string_view issuer) {
  const auto json = nlohmann::json::parse(document, nullptr, false);
  if (!json.is_object()) return WrongDocument("is no JSON object");
  if (TextMember(json, "issuer") != issuer) {
    return WrongDocument(fmt::format("is of the issuer {}; expected {}",
                                     AsciiQuoted(TextMember(json, "issuer")), AsciiQuoted(issuer)));
  }
  std::string url = TextMember(json, "jwks_uri");
  const auto parsed = FetchUrl::Parse(url);
  if (!parsed.ok() || parsed->scheme != FetchUrl::Scheme::kHttps) {
    return WrongDocument(
        fmt::format("has the jwks_uri {}; expected an https URL", AsciiQuoted(url)));
  }
  return url;
}

ProviderKeys::ProviderKeys(ProviderOptions options, AccessProbe& probe, const Clock& clock)
    : options_(std::move(options)), probe_(probe), clock_(clock) {
  LoadCache();
  // At once: a set of an earlier run may have been replaced since.
  next_ = begun_ = clock_.MonotonicNanos();
  thread_ = std::thread([this] { Run(); });
}

void ProviderKeys::Stop() {
  stop_.request_stop();
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    changed_.NotifyAll();
  }
  if (thread_.joinable()) thread_.join();
}

std::shared_ptr<const JwtKeys> ProviderKeys::Keys() {
  MutexLock lock(mutex_);
  return IsOld() ? nullptr : keys_;
}

bool ProviderKeys::IsOld() const {
  return clock_.MonotonicNanos() - fetched_ > options_.keep_nanos;
}

void ProviderKeys::KeyMissing() {
  MutexLock lock(mutex_);
  missing_ = true;
  changed_.NotifyAll();
}

int64_t ProviderKeys::Due() const {
  int64_t due = next_;
  if (missing_) due = std::min(due, begun_ + kMissPauseNanos);
  // Once more before the set is given up, and then it is told that it was.
  if (keys_ != nullptr) due = std::min(due, fetched_ + options_.keep_nanos + 1);
  return due;
}

bool ProviderKeys::AwaitTurn() {
  MutexLock lock(mutex_);
  while (!stopping_) {
    const int64_t now = clock_.MonotonicNanos();
    const int64_t due = Due();
    if (now >= due) {
      begun_ = now;
      missing_ = false;
      return true;
    }
    changed_.WaitUntil(mutex_,
                       std::chrono::steady_clock::now() + std::chrono::nanoseconds(due - now));
  }
  return false;
}

void ProviderKeys::Run() {
  while (AwaitTurn()) {
    const auto fetched = FetchSet();
    if (stop_.stop_requested()) return;
    probe_.KeysFetched(fetched.ok());
    if (fetched.ok()) {
      TakeUp(*fetched);
      WriteCache(fetched->text, clock_.UnixNanos() / kNanosPerSecond);
    } else {
      NoteFailure(fetched.status());
      DropOld();
    }
  }
}

absl::StatusOr<std::string> ProviderKeys::Page(const std::string& url) {
  FetchOptions options;
  options.url = url;
  options.deadline = kFetchDeadline;
  options.max_body_bytes = kMostSetBytes;
  options.ca_file = options_.ca_file;
  options.accept = "application/json";
  options.stop = stop_.get_token();
  auto page = Fetch(options);
  if (!page.ok()) return page.status();
  return std::move(page->body);
}

absl::StatusOr<ProviderKeys::Fetched> ProviderKeys::FetchSet() {
  std::string url = options_.url;
  if (url.ends_with(kDiscoveryPath)) {
    const auto document = Page(url);
    if (!document.ok()) return document.status();
    auto found = ReadDiscovery(*document, options_.issuer);
    if (!found.ok()) return found.status();
    url = *std::move(found);
  }
  auto text = Page(url);
  if (!text.ok()) return text.status();
  auto keys = JwtKeys::Parse(*text);
  if (!keys.ok()) {
    return absl::InvalidArgumentError(
        fmt::format("the key set {}", std::string(keys.status().message())));
  }
  return Fetched{std::make_shared<const JwtKeys>(*std::move(keys)), *std::move(text)};
}

void ProviderKeys::TakeUp(const Fetched& fetched) {
  retry_ = kFirstRetryNanos;
  probe_.KeysInForce(fetched.keys->size(),
                     (clock_.UnixNanos() - fetched.age_nanos) / kNanosPerSecond);
  {
    MutexLock lock(mutex_);
    keys_ = fetched.keys;
    fetched_ = clock_.MonotonicNanos() - fetched.age_nanos;
    next_ = begun_ + options_.refresh_nanos;
  }
  if (!std::exchange(told_, false) && text_ == fetched.text) return;
  text_ = fetched.text;
  LogWith(spdlog::level::info,
          fmt::format("the OpenID Connect provider {} has {}", AsciiQuoted(options_.issuer),
                      Counted(fetched.keys->size(), "key", "keys")),
          {{"event", "provider_keys"}, {"issuer", options_.issuer}});
}

void ProviderKeys::NoteFailure(const absl::Status& status) {
  {
    MutexLock lock(mutex_);
    next_ = begun_ + std::min(retry_, options_.refresh_nanos);
  }
  retry_ = std::min(2 * retry_, kMostRetryNanos);
  if (std::exchange(told_, true)) return;
  LogWith(spdlog::level::warn,
          fmt::format(
              "the keys of the OpenID Connect provider {} cannot be fetched: {}. Those that "
              "were fetched last, if any, are taken for {}. It is tried again, and not told again",
              AsciiQuoted(options_.issuer), std::string(status.message()),
              FormatDuration(options_.keep_nanos)),
          {{"event", "provider_keys_failed"}, {"issuer", options_.issuer}});
}

void ProviderKeys::DropOld() {
  {
    MutexLock lock(mutex_);
    if (keys_ == nullptr || !IsOld()) return;
    keys_ = nullptr;
  }
  text_.clear();
  probe_.KeysInForce(0, std::nullopt);
  LogWith(
      spdlog::level::err,
      fmt::format("the keys of the OpenID Connect provider {} are older than {}: its tokens are "
                  "refused until they can be fetched",
                  AsciiQuoted(options_.issuer), FormatDuration(options_.keep_nanos)),
      {{"event", "provider_keys_old"}, {"issuer", options_.issuer}});
}

void ProviderKeys::LoadCache() {
  if (options_.cache_file.empty()) return;
  auto cached = ReadKeyCache(options_.cache_file, options_.url);
  if (absl::IsNotFound(cached.status())) return;  // the first run
  absl::Status status = cached.status();
  const int64_t now = clock_.UnixNanos() / kNanosPerSecond;
  if (status.ok()) status = CheckAge(*cached, now, options_.keep_nanos / kNanosPerSecond);
  if (!status.ok()) {
    spdlog::warn("http.jwks_cache is not taken: {}", std::string(status.message()));
    return;
  }
  TakeUp({cached->keys, std::move(cached->text), (now - cached->unix_seconds) * kNanosPerSecond});
}

void ProviderKeys::WriteCache(const std::string& text, int64_t unix_seconds) {
  if (options_.cache_file.empty()) return;
  const absl::Status status = WriteKeyCache(options_.cache_file, options_.url, text, unix_seconds);
  if (status.ok()) {
    cache_told_ = false;
  } else if (!std::exchange(cache_told_, true)) {
    spdlog::warn("http.jwks_cache: {}; a restart while the provider is down locks its people out",
                 std::string(status.message()));
  }
}

}  // namespace fleetmeter
