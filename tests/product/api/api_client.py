"""Who asks a daemon over HTTP, and by what: certificates, tokens, and what a provider signed."""
import base64
import hashlib
import http.client
import json
import pathlib
import ssl
import subprocess
import time
import urllib.parse

from programs import SOURCE

FRAMEWORK = SOURCE / "deploy/plans/framework.yaml"
POOL = "research"
TOKEN = "a-token-of-the-test"
OLD_TOKEN = "a-token-that-has-ended"


class Client:
    """Asks one daemon, as somebody: with a certificate, a token, both or neither."""

    def __init__(self, address, authority=None, pair=None, token=None):
        self.address = address
        self.token = token
        self.tls = None
        if authority is not None:
            self.tls = ssl.create_default_context(cafile=str(authority))
            self.tls.check_hostname = False  # the trial certificate is for localhost
            if pair is not None:
                self.tls.load_cert_chain(*map(str, pair))

    def connect(self):
        if self.tls is None:
            return http.client.HTTPConnection(self.address, timeout=30)
        return http.client.HTTPSConnection(self.address, timeout=30, context=self.tls)

    def ask(self, method, target, body=None, headers=None):
        """Status, headers and body of one answer; of a stream, its first event."""
        connection = self.connect()
        headers = dict(headers or {})
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        connection.request(method, target, body, headers)
        answer = connection.getresponse()
        if answer.headers.get_content_type() == "text/event-stream":
            text = next_event(answer)
        else:
            text = answer.read().decode()
        connection.close()
        return answer.status, answer.headers, text

    def call(self, path, **fields):
        query = urllib.parse.urlencode(fields, doseq=True)
        status, _, text = self.ask("GET", f"/api/v1/{path}" + (f"?{query}" if query else ""))
        return status, json.loads(text.removeprefix("data: "))

    def must(self, path, **fields):
        status, answer = self.call(path, **fields)
        assert status == 200, (path, fields, status, answer)
        return answer


def next_event(stream):
    """The next event that says something."""
    lines = []
    while True:
        line = stream.readline().decode()
        assert line, "the stream has ended"
        if line.strip():
            lines.append(line)
        elif lines and not lines[0].startswith(":"):
            return "".join(lines)
        else:
            lines = []


def sign(key, header, claims):
    def encode(data):
        return base64.urlsafe_b64encode(data).rstrip(b"=")
    text = encode(json.dumps(header).encode()) + b"." + encode(json.dumps(claims).encode())
    signature = subprocess.run(["openssl", "dgst", "-sha256", "-sign", key], input=text,
                               check=True, capture_output=True).stdout
    return (text + b"." + encode(signature)).decode()


def public_key(key):
    """An RSA key as a JSON Web Key."""
    modulus = subprocess.run(["openssl", "rsa", "-in", key, "-noout", "-modulus"], check=True,
                             capture_output=True, text=True).stdout.strip().split("=")[1]
    number = base64.urlsafe_b64encode(bytes.fromhex(modulus)).rstrip(b"=").decode()
    return {"kty": "RSA", "kid": "k", "alg": "RS256", "use": "sig", "n": number, "e": "AQAB"}


RULES = f"""authorization:
  - {{identity: spiffe://example.org/ops/reader, roles: [query]}}
  - {{identity: spiffe://example.org/ops/all, roles: [query, admin]}}
  - {{identity: spiffe://example.org/host/a, roles: [ingest]}}
  - {{identity: spiffe://example.org/owner/a, roles: [query], sees: [{POOL}]}}
  - {{identity: spiffe://example.org/ops/asker, roles: [ask], teams: "*"}}
  - {{identity: spiffe://example.org/oidc/anna_40example.org, roles: [query]}}
"""


class SecureFiles:
    """Certificates, tokens and keys of a daemon that speaks TLS over HTTP too."""

    def __init__(self, folder):
        self.pki = pathlib.Path(folder) / "pki"
        subprocess.run([SOURCE / "deploy/make-dev-certs.sh", self.pki, "ops/reader", "ops/all",
                        "host/a", "owner/a", "ops/nobody", "ops/asker"], check=True,
                       stdout=subprocess.DEVNULL)
        self.tokens = pathlib.Path(folder) / "tokens"
        self.write_tokens(TOKEN)
        self.key = str(pathlib.Path(folder) / "provider.pem")
        subprocess.run(["openssl", "genrsa", "-out", self.key, "2048"], check=True,
                       stderr=subprocess.DEVNULL)
        self.keys = pathlib.Path(folder) / "jwks.json"
        self.keys.write_text(json.dumps({"keys": [public_key(self.key)]}))
        self.keys.chmod(0o644)
        self.ledger = pathlib.Path(folder) / "secure.db"

    def write_tokens(self, token):
        fresh = self.tokens.with_suffix(".new")
        fresh.write_text("".join(
            f"{hashlib.sha256(each.encode()).hexdigest()} spiffe://example.org/ops/reader {until}\n"
            for each, until in ((token, ""), (OLD_TOKEN, "2020-01-01"))))
        fresh.chmod(0o644)
        fresh.rename(self.tokens)

    def settings(self):
        return (f"framework: {FRAMEWORK}\nledger: {{path: {self.ledger}}}\n"
                f"tls: {{trust_domain: example.org, certificate: {self.pki}/fleetmeterd.pem, "
                f"key: {self.pki}/fleetmeterd-key.pem, client_ca: {self.pki}/ca.pem}}\n"
                f"http: {{tls: true, tokens_file: {self.tokens}, jwks_file: {self.keys}, "
                f"issuer: https://login.example.org, audience: fleetmeter}}\n" + RULES)

    def client(self, daemon, name=None, token=None):
        pair = None
        if name is not None:
            stem = name.replace("/", "-")
            pair = (self.pki / f"{stem}.pem", self.pki / f"{stem}-key.pem")
        return Client(daemon.addresses["http"], self.pki / "ca.pem", pair, token)

    def credentials(self, grpc, name):
        """For gRPC, as an identity."""
        stem = self.pki / name.replace("/", "-")
        return grpc.ssl_channel_credentials(
            *(path.read_bytes() for path in (self.pki / "ca.pem", self.pki / f"{stem.name}-key.pem",
                                             self.pki / f"{stem.name}.pem")))

    def jwt(self, **changes):
        claims = {"iss": "https://login.example.org", "aud": "fleetmeter",
                  "sub": "anna@example.org", "exp": int(time.time()) + 600} | changes
        return sign(self.key, {"alg": "RS256", "kid": "k"}, claims)
