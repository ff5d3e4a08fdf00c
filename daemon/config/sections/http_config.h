// Section `http`: what the HTTP listener serves, and to whom.
#pragma once

#include <string>

#include "daemon/config/settings/kinds.h"
#include "daemon/config/settings/setting.h"

namespace fleetmeter {

struct HttpConfig {
  static constexpr size_t kMaxTextBytes = 1'024;

  bool tls = false;
  std::string tokens_file;  // empty: there is none
  std::string jwks_file;    // empty: there is none
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
    visit(Setting{.key = "issuer",
                  .takes = Takes::kReload,
                  .help = "Tokens of the provider must name this issuer.",
                  .example = "https://login.example.org",
                  .only_with = "jwks_file"},
          AnyText{kMaxTextBytes}, &HttpConfig::issuer);
    visit(Setting{.key = "audience",
                  .takes = Takes::kReload,
                  .help = "Tokens of the provider must be for this audience.",
                  .example = "fleetmeter",
                  .only_with = "jwks_file"},
          AnyText{kMaxTextBytes}, &HttpConfig::audience);
    visit(Setting{.key = "identity_claim",
                  .takes = Takes::kReload,
                  .help = "This claim of a token names the person."},
          AnyText{kMaxTextBytes}, &HttpConfig::identity_claim);
  }
};

}  // namespace fleetmeter
