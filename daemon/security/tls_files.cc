#include "daemon/security/tls_files.h"

#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>
#include <system_error>

#include "daemon/security/openssl.h"
#include "fmt/chrono.h"
#include "fmt/format.h"

namespace fleetmeter {
namespace {

constexpr size_t kMaxFileBytes = 1 << 20;

absl::Status Bad(const std::string& path, std::string_view why) {
  return absl::InvalidArgumentError(fmt::format("{}: {}", path, why));
}

absl::Status Unreadable(const std::string& path, int error) {
  return absl::NotFoundError(
      fmt::format("{}: cannot be read: {}", path, std::generic_category().message(error)));
}

struct File {
  std::string text;
  mode_t mode = 0;
};

absl::StatusOr<File> ReadSmallFile(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return Unreadable(path, errno);
  File file;
  struct stat about{};
  ssize_t size = -1;
  if (fstat(fd, &about) == 0 && S_ISREG(about.st_mode)) {
    file.mode = about.st_mode;
    file.text.resize(kMaxFileBytes + 1);
    size_t have = 0;
    do {
      size = read(fd, file.text.data() + have, file.text.size() - have);
      if (size > 0) have += static_cast<size_t>(size);
    } while ((size > 0 && have < file.text.size()) || (size < 0 && errno == EINTR));
    file.text.resize(have);
  }
  const int error = errno;
  close(fd);
  if (file.mode == 0) return Bad(path, "is not a file; expected PEM");
  if (size < 0) return Unreadable(path, error);
  if (file.text.size() > kMaxFileBytes) {
    return Bad(path, fmt::format("is larger than {} bytes; expected PEM", kMaxFileBytes));
  }
  return file;
}

// What the group may read is a matter of who is in it; systemd and Kubernetes hand out keys so.
absl::Status CheckKeyMode(const std::string& path, mode_t mode,
                          std::vector<std::string>* warnings) {
  const unsigned permissions = mode & 0777;
  if ((mode & (S_IRWXO | S_IWGRP)) != 0) {
    return Bad(path, fmt::format("is a private key with mode {:04o}; expected that others cannot "
                                 "read it nor its group change it, such as 0600",
                                 permissions));
  }
  if ((mode & S_IRGRP) != 0) {
    warnings->push_back(
        fmt::format("{}: is a private key that its group can read (mode {:04o}); 0600 is safer",
                    path, permissions));
  }
  return absl::OkStatus();
}

std::string Time(int64_t unix_seconds) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(static_cast<time_t>(unix_seconds)));
}

// Whether OpenSSL would serve with this certificate and key.
absl::Status CheckPair(const TlsPaths& paths, const TlsMaterial& material, X509* leaf) {
  ERR_clear_error();
  const BioPtr bio(BIO_new_mem_buf(material.key.data(), static_cast<int>(material.key.size())));
  const PkeyPtr key(
      bio == nullptr ? nullptr : PEM_read_bio_PrivateKey(bio.get(), nullptr, NoPassword, nullptr));
  if (key == nullptr) {
    return Bad(paths.key, fmt::format("has no private key that can be read; expected PEM, not "
                                      "encrypted ({})",
                                      OpensslError()));
  }
  const SslContextPtr context(SSL_CTX_new(TLS_method()));
  if (context == nullptr) return absl::ResourceExhaustedError(OpensslError());
  if (SSL_CTX_use_certificate(context.get(), leaf) != 1) {
    return Bad(paths.certificate, fmt::format("cannot be used: {}", OpensslError()));
  }
  if (X509_check_private_key(leaf, key.get()) != 1) {
    ERR_clear_error();
    return Bad(paths.key, fmt::format("is not the key of {}", paths.certificate));
  }
  if (SSL_CTX_use_PrivateKey(context.get(), key.get()) != 1) {
    return Bad(paths.key, fmt::format("cannot be used: {}", OpensslError()));
  }
  return absl::OkStatus();
}

absl::Status LoadPair(const TlsPaths& paths, int64_t now, TlsMaterial* material) {
  auto certificate = ReadSmallFile(paths.certificate);
  if (!certificate.ok()) return certificate.status();
  auto key = ReadSmallFile(paths.key);
  if (!key.ok()) return key.status();
  material->certificate = std::move(certificate->text);
  material->key = std::move(key->text);
  if (absl::Status status = CheckKeyMode(paths.key, key->mode, &material->warnings); !status.ok()) {
    return status;
  }
  const auto chain = ReadCertificates(material->certificate);
  if (!chain.ok()) return Bad(paths.certificate, std::string(chain.status().message()));
  X509* leaf = chain->front().get();
  if (absl::Status status = CheckPair(paths, *material, leaf); !status.ok()) return status;
  material->certificate_not_after_unix_seconds = NotAfter(*leaf);
  if (now > NotAfter(*leaf)) {
    return Bad(paths.certificate, fmt::format("expired at {}", Time(NotAfter(*leaf))));
  }
  if (now < NotBefore(*leaf)) {
    return Bad(paths.certificate, fmt::format("is not valid before {}", Time(NotBefore(*leaf))));
  }
  return absl::OkStatus();
}

absl::Status LoadAuthorities(const TlsPaths& paths, int64_t now, TlsMaterial* material) {
  auto file = ReadSmallFile(paths.authorities);
  if (!file.ok()) return file.status();
  material->authorities = std::move(file->text);
  const auto authorities = ReadCertificates(material->authorities);
  if (!authorities.ok()) {
    return Bad(paths.authorities, std::string(authorities.status().message()));
  }
  int64_t first = std::numeric_limits<int64_t>::max();
  int64_t last = std::numeric_limits<int64_t>::min();
  for (const X509Ptr& authority : *authorities) {
    first = std::min(first, NotAfter(*authority));
    last = std::max(last, NotAfter(*authority));
  }
  material->authorities_not_after_unix_seconds = first;
  if (now > last) {
    return Bad(paths.authorities,
               fmt::format("every authority in it has expired, the last at {}", Time(last)));
  }
  if (now > first) {
    material->warnings.push_back(
        fmt::format("{}: an authority in it expired at {}", paths.authorities, Time(first)));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<TlsMaterial> LoadTlsMaterial(const TlsPaths& paths, int64_t now_unix_seconds) {
  TlsMaterial material;
  if (absl::Status status = LoadPair(paths, now_unix_seconds, &material); !status.ok()) {
    return status;
  }
  if (absl::Status status = LoadAuthorities(paths, now_unix_seconds, &material); !status.ok()) {
    return status;
  }
  return material;
}

absl::StatusOr<TlsMaterial> LoadClientTlsMaterial(const TlsPaths& paths, int64_t now_unix_seconds) {
  if (!paths.certificate.empty() || !paths.key.empty()) {
    return LoadTlsMaterial(paths, now_unix_seconds);
  }
  TlsMaterial material;
  if (absl::Status status = LoadAuthorities(paths, now_unix_seconds, &material); !status.ok()) {
    return status;
  }
  return material;
}

}  // namespace fleetmeter
