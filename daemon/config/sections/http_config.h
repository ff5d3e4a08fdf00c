// Section `http`: what the HTTP listener serves, and to whom.
#pragma once

#include <cstdint>
#include <string>

#include "daemon/base/units.h"
#include "daemon/config/settings/kinds.h"
#include "daemon/config/settings/setting.h"

namespace fleetmeter {

struct HttpConfig {
  static constexpr size_t kMaxTextBytes = 1'024;
  static constexpr size_t kMaxUrlBytes = 4'096;

  bool tls = false;
  std::string tokens_file;  // empty: there is none
  std::string jwks_file;    // empty: there is none
  std::string jwks_url;     // of a key set, or of a discovery document; empty: there is none
  std::string jwks_ca_file;
  std::string jwks_cache;  // empty: keys are not kept over a restart
  int64_t jwks_refresh_nanos = 10 * kMinute;
  int64_t jwks_keep_nanos = kDay;
  std::string issuer;
  std::string audience;
  std::string identity_claim = "sub";
  std::string console;  // empty: where it is installed

  template <class Visitor>
  static void Describe(Visitor& visit) {
    visit(
        Setting{.key = "tls",
                .help =
                    "With true the HTTP listener speaks TLS with the files of the section tls, "
                    "and may listen beyond loopback. Whoever asks for numbers then needs the role "
                    "query, by a client certificate or by a token. Without it, /metrics is open "
                    "to whoever reaches the listener."},
        TrueOrFalse{}, &HttpConfig::tls);
    visit(
        Setting{.key = "tokens_file",
                .takes = Takes::kReload,
                .help = "This file lists bearer tokens by their SHA-256, each with the identity "
                        "that it speaks for: a SPIFFE ID, which the rules of authorization grant "
                        "roles as they do to a certificate. daemon/serve/api/README.md has the "
                        "form of a line. It needs the section tls. Nobody but its owner may write "
                        "it.",
                .example = "/etc/fleetmeter/tokens"},
        FilePath{}, &HttpConfig::tokens_file);
    DescribeOidc(visit);
    visit(
        Setting{.key = "console",
                .help = "The files of the console are in this folder. Without it the daemon looks "
                        "where they are installed beside it.",
                .example = "/usr/share/fleetmeter/console"},
        FilePath{}, &HttpConfig::console);
  }

 private:
  template <class Visitor>
  static void DescribeOidc(Visitor& visit) {
    visit(
        Setting{.key = "jwks_file",
                .takes = Takes::kReload,
                .help = "This file holds the public keys of an OpenID Connect provider, as a JSON "
                        "Web Key Set. With it, tokens that the provider signed are taken, by "
                        "RS256 or ES256 as the key is. A person NAME has the identity "
                        "spiffe://TRUST_DOMAIN/oidc/NAME. It needs the section tls, issuer and "
                        "audience.",
                .example = "/etc/fleetmeter/jwks.json"},
        FilePath{}, &HttpConfig::jwks_file);
    DescribeJwksUrl(visit);
    visit(Setting{.key = "issuer",
                  .takes = Takes::kReload,
                  .help = "Tokens of the provider must name this issuer.",
                  .example = "https://login.example.org"},
          AnyText{kMaxTextBytes}, &HttpConfig::issuer);
    visit(Setting{.key = "audience",
                  .takes = Takes::kReload,
                  .help = "Tokens of the provider must be for this audience.",
                  .example = "fleetmeter"},
          AnyText{kMaxTextBytes}, &HttpConfig::audience);
    visit(Setting{.key = "identity_claim",
                  .takes = Takes::kReload,
                  .help = "This claim of a token names the person."},
          AnyText{kMaxTextBytes}, &HttpConfig::identity_claim);
  }

  template <class Visitor>
  static void DescribeJwksUrl(Visitor& visit) {
    visit(Setting{.key = "jwks_url",
                  .takes = Takes::kReload,
                  .help = "The keys are fetched from this https URL, again and again. Those of "
                          "jwks_file are taken beside them. A URL that ends in "
                          "/.well-known/openid-configuration is that "
                          "of the provider's discovery document, which says where the keys are. A "
                          "token with a key that is not known has them fetched at once, but not "
                          "more often than every 30s. Keys that are no longer there are no longer "
                          "taken.",
                  .example = "https://login.example.org/.well-known/openid-configuration"},
          AnyText{kMaxUrlBytes}, &HttpConfig::jwks_url);
    visit(Setting{.key = "jwks_ca_file",
                  .takes = Takes::kReload,
                  .help = "The certificate of the provider must lead to an authority of this file. "
                          "Without it the authorities of the system are trusted.",
                  .example = "/etc/fleetmeter/tls/provider-ca.pem",
                  .only_with = "jwks_url"},
          FilePath{}, &HttpConfig::jwks_ca_file);
    visit(
        Setting{.key = "jwks_cache",
                .takes = Takes::kReload,
                .help = "The daemon keeps the keys in this file, with the time at which they were "
                        "fetched, so that a restart while the provider is down locks nobody out. "
                        "Nobody but the daemon may write it.",
                .example = "/var/lib/fleetmeter/jwks.json",
                .only_with = "jwks_url"},
        FilePath{}, &HttpConfig::jwks_cache);
    visit(Setting{.key = "jwks_refresh",
                  .takes = Takes::kReload,
                  .help = "The keys are fetched once in this time."},
          DurationIn{30 * kSecond, kDay}, &HttpConfig::jwks_refresh_nanos);
    visit(
        Setting{.key = "jwks_keep",
                .takes = Takes::kReload,
                .help = "While the provider is down, the keys that were fetched last are taken for "
                        "this long. After that its tokens are refused."},
        DurationIn{kMinute, 30 * kDay}, &HttpConfig::jwks_keep_nanos);
  }
};

}  // namespace fleetmeter
