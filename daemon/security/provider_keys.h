// The keys of an OpenID Connect provider, fetched over HTTPS in the background: nobody who asks
// waits for the provider.
//
// A set that was fetched replaces the one before it, so that a key that left it is no longer taken.
// While the provider cannot be reached, the latest set stays for a limited time; with a cache file
// over a restart too, and the time counts from the fetch.
#pragma once

#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>

#include "absl/status/statusor.h"
#include "daemon/base/clock.h"
#include "daemon/base/mutex.h"
#include "daemon/base/units.h"
#include "daemon/security/access_probe.h"
#include "daemon/security/jwt.h"

namespace fleetmeter {

struct ProviderOptions {
  // https://..., of a key set; or of a discovery document, which ends in
  // "/.well-known/openid-configuration" (OpenID Connect Discovery 1.0, section 4).
  std::string url;
  std::string issuer;      // what a discovery document must name
  std::string ca_file;     // empty: the system's authorities
  std::string cache_file;  // empty: there is none
  int64_t refresh_nanos = 10 * kMinute;
  int64_t keep_nanos = kDay;

  friend bool operator==(const ProviderOptions&, const ProviderOptions&) = default;
};

// Where a discovery document says that the keys are. InvalidArgument: it is of another issuer, or
// does not name an https URL.
absl::StatusOr<std::string> ReadDiscovery(std::string_view document, std::string_view issuer);

// Thread-safe. Its thread begins with the object.
class ProviderKeys final : public JwtKeySource {
 public:
  // Keys that are not known have the set fetched, but not before so long after the latest attempt.
  static constexpr int64_t kMissPauseNanos = 30 * kSecond;
  // After the first failure of several; each further one waits twice as long.
  static constexpr int64_t kFirstRetryNanos = 5 * kSecond;
  static constexpr int64_t kMostRetryNanos = 5 * kMinute;

  // `probe` and `clock` outlive the object.
  ProviderKeys(ProviderOptions options, AccessProbe& probe, const Clock& clock);
  ~ProviderKeys() override { Stop(); }
  ProviderKeys(const ProviderKeys&) = delete;
  ProviderKeys& operator=(const ProviderKeys&) = delete;

  // Fetches no more, and ends a fetch that is under way, but for looking up a name. What was
  // fetched is taken until it is too old.
  void Stop();
  const ProviderOptions& options() const { return options_; }

  std::shared_ptr<const JwtKeys> Keys() override;
  void KeyMissing() override;

 private:
  struct Fetched;

  void Run();
  // Waits until a fetch is due. False: it is time to stop.
  bool AwaitTurn();
  int64_t Due() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<Fetched> FetchSet();
  absl::StatusOr<std::string> Page(const std::string& url);
  void TakeUp(const Fetched& fetched);
  void NoteFailure(const absl::Status& status);
  void LoadCache();
  void WriteCache(const std::string& text, int64_t unix_seconds);
  // Counts and says in the log when the latest set is too old.
  void DropOld();
  bool IsOld() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const ProviderOptions options_;
  AccessProbe& probe_;
  const Clock& clock_;
  std::stop_source stop_;

  // Of the thread.
  int64_t retry_ = kFirstRetryNanos;
  bool told_ = false;        // that fetching fails
  bool cache_told_ = false;  // that the cache cannot be written
  std::string text_;         // of the latest set

  Mutex mutex_;
  CondVar changed_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  bool missing_ ABSL_GUARDED_BY(mutex_) = false;  // a key was asked for that is not in the set
  int64_t next_ ABSL_GUARDED_BY(mutex_) = 0;      // when the set is to be fetched, monotonic
  int64_t begun_ ABSL_GUARDED_BY(mutex_) = 0;     // the latest attempt, monotonic
  std::shared_ptr<const JwtKeys> keys_ ABSL_GUARDED_BY(mutex_);
  int64_t fetched_ ABSL_GUARDED_BY(mutex_) = 0;  // of keys_, monotonic
  std::thread thread_;
};

}  // namespace fleetmeter
