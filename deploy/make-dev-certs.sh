#!/usr/bin/env bash
# Makes certificates to try Fleetmeter's TLS with: an authority, the daemon's certificate, and one
# for each identity, all in one folder.
#   make-dev-certs.sh [--trust-domain NAME] DIR [IDENTITY...]
# IDENTITY is the path of a SPIFFE ID such as host/a; spiffe://TRUST-DOMAIN/host/a becomes
# DIR/host-a.pem with DIR/host-a-key.pem. What is there already stays, unless it has expired.
#
# FOR TRIALS ONLY. The authority's key lies beside everything else, nothing can be revoked, and
# everything ends after 30 days. Use SPIRE or your own authority for a fleet.
set -euo pipefail
umask 077

trust_domain=example.org
days=30

die() {
  echo "make-dev-certs: $*" >&2
  exit 1
}
usage() { sed -n '2,9s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; }

# Whether this certificate is there, good for another day, for this name, and of our authority.
is_good() { # NAME URI
  [ -s "$dir/$1-key.pem" ] &&
    { [ -z "$2" ] || openssl x509 -in "$dir/$1.pem" -noout -ext subjectAltName 2>/dev/null |
      grep -Eq "URI:$2(,|\$)"; } &&
    openssl x509 -in "$dir/$1.pem" -noout -checkend 86400 >/dev/null 2>&1 &&
    openssl verify -CAfile "$dir/ca.pem" "$dir/$1.pem" >/dev/null 2>&1
}

make_authority() {
  is_good ca "" && return
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days "$days" \
    -subj "/CN=Fleetmeter trial authority" -keyout "$dir/ca-key.pem" -out "$dir/ca.pem" \
    -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign \
    2>"$dir/log" || die "openssl failed: $(cat "$dir/log")"
  echo "made $dir/ca.pem"
}

make_certificate() { # NAME USAGE URI [OTHER SUBJECT-ALTERNATIVE-NAMES]
  is_good "$1" "$3" && return
  local fresh
  fresh=$(mktemp -d "$dir/fresh.XXXXXX")
  {
    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$1" \
      -keyout "$fresh/key.pem" -out "$fresh/request.pem" &&
      openssl x509 -req -in "$fresh/request.pem" -CA "$dir/ca.pem" -CAkey "$dir/ca-key.pem" \
        -days "$days" -out "$fresh/certificate.pem" -extfile <(
          echo "basicConstraints=critical,CA:FALSE"
          echo "keyUsage=critical,digitalSignature"
          echo "extendedKeyUsage=$2"
          echo "subjectAltName=URI:$3${4:+,$4}"
        )
  } 2>"$dir/log" || die "openssl failed: $(cat "$dir/log")"
  mv "$fresh/key.pem" "$dir/$1-key.pem"
  mv "$fresh/certificate.pem" "$dir/$1.pem"
  rm -r -- "$fresh"
  echo "made $dir/$1.pem"
}

main() {
  while [ $# -gt 0 ]; do
    case "$1" in
      --trust-domain)
        [ $# -ge 2 ] || die "--trust-domain takes a name"
        trust_domain=$2
        shift 2
        ;;
      -h | --help) usage && exit 0 ;;
      -*) usage >&2 && exit 2 ;;
      *) break ;;
    esac
  done
  [ $# -ge 1 ] || { usage >&2 && exit 2; }
  [[ $trust_domain =~ ^[a-z0-9._-]{1,255}$ ]] || die "'$trust_domain' is not a trust domain"
  dir=$1
  shift
  mkdir -p -- "$dir"
  dir=$(realpath -- "$dir")
  local identity
  for identity in "$@"; do
    [[ $identity =~ ^[a-zA-Z0-9._-]+(/[a-zA-Z0-9._-]+)*$ && ! /$identity/ =~ /\.{1,2}/ ]] ||
      die "'$identity' is not the path of a SPIFFE ID; expected something like host/a"
    case "$identity" in
      ca | fleetmeterd) die "'$identity' is a file of its own here; expected another identity" ;;
    esac
  done
  make_authority
  make_certificate fleetmeterd serverAuth \
    "spiffe://$trust_domain/fleetmeterd" DNS:localhost,IP:127.0.0.1,IP:::1
  for identity in "$@"; do
    make_certificate "${identity//\//-}" clientAuth "spiffe://$trust_domain/$identity"
  done
  rm -f -- "$dir/log"
  echo "make-dev-certs: these are for trials only: $dir/ca-key.pem can make any identity" >&2
}

main "$@"
