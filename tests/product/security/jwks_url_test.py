#!/usr/bin/python3
"""Tokens of an OpenID Connect provider whose keys a real daemon fetches over HTTPS.

The keys are found by the provider's discovery document, change, and outlive a restart of the daemon
while the provider is down. A provider whose certificate is a stranger's is not believed.
"""
import http.server
import json
import pathlib
import ssl
import subprocess
import sys
import tempfile
import threading
import time

sys.path[:0] = [str(pathlib.Path(__file__).parents[1] / "api"),
                str(pathlib.Path(__file__).parents[2] / "support")]
from api_client import SecureFiles, public_key, sign
from programs import SOURCE, Daemon

CATALOG = SOURCE / "deploy/catalog/default.yaml"
PLANS = [SOURCE / "deploy/plans/example.yaml"]
ISSUER = "https://login.example.org"
DISCOVERY = "/.well-known/openid-configuration"
LIMIT_S = 90


class Provider:
    """An HTTPS server on loopback with a discovery document and a key set."""

    def __init__(self, pki, port=0):
        self.asked = []
        self.keys = {"keys": []}
        provider = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                provider.asked.append(self.path)
                answer = provider.keys if self.path == "/keys" else {
                    "issuer": ISSUER, "jwks_uri": provider.url("/keys")}
                body = json.dumps(answer).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(pki / "fleetmeterd.pem", pki / "fleetmeterd-key.pem")
        self.server.socket = tls.wrap_socket(self.server.socket, server_side=True)
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def url(self, path):
        return f"https://localhost:{self.server.server_address[1]}{path}"

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


def settings(files, provider, authority, cache):
    """As the shared files have it, with a URL in place of the file of keys."""
    text = files.settings()
    file = f"jwks_file: {files.keys}"
    assert text.count(file) == 1
    return text.replace(file, f"jwks_url: {provider.url(DISCOVERY)}, jwks_ca_file: {authority}, "
                              f"jwks_cache: {cache}, jwks_refresh: 30s")


def new_key(folder, name):
    path = str(pathlib.Path(folder) / f"{name}.pem")
    subprocess.run(["openssl", "genrsa", "-out", path, "2048"], check=True,
                   stderr=subprocess.DEVNULL)
    return path, public_key(path) | {"kid": name}


def token(key, kid):
    claims = {"iss": ISSUER, "aud": "fleetmeter", "sub": "anna@example.org",
              "exp": int(time.time()) + 600}
    return sign(key, {"alg": "RS256", "kid": kid}, claims)


def status(files, daemon, text):
    return files.client(daemon, token=text).call("pools")[0]


def comes(condition, what):
    limit = time.monotonic() + LIMIT_S
    while not condition():
        assert time.monotonic() < limit, what


def metric(files, daemon, name):
    """The value of a series, or None."""
    _, _, page = files.client(daemon, "ops/reader").ask("GET", "/metrics")
    for line in page.splitlines():
        if line.startswith(name + " "):
            return float(line.split()[1])
    return None


def keys_change(files, daemon, provider, folder):
    """Returns the token that is taken in the end."""
    old, old_public = new_key(folder, "old")
    new, new_public = new_key(folder, "new")
    provider.keys = {"keys": [old_public]}
    comes(lambda: status(files, daemon, token(old, "old")) == 200, "the first key is not taken")
    assert provider.asked[:2] == [DISCOVERY, "/keys"], provider.asked
    assert metric(files, daemon, "fleetmeter_provider_keys") == 1
    provider.keys = {"keys": [new_public]}
    assert status(files, daemon, token(new, "new")) == 401
    comes(lambda: status(files, daemon, token(new, "new")) == 200, "the new key is not taken")
    assert status(files, daemon, token(old, "old")) == 401, "a key that left the set is taken"
    print("keys are found by discovery, and change with the provider")
    return token(new, "new")


def main():
    with tempfile.TemporaryDirectory() as folder:
        files = SecureFiles(folder)
        provider = Provider(files.pki)
        cache = pathlib.Path(folder) / "cache.json"
        extra = settings(files, provider, files.pki / "ca.pem", cache)
        with Daemon(CATALOG, PLANS, extra) as daemon:
            taken = keys_change(files, daemon, provider, folder)
            fetched = metric(files, daemon, "fleetmeter_provider_keys_fetched_timestamp_seconds")
        assert abs(time.time() - fetched) < LIMIT_S
        provider.stop()
        assert cache.stat().st_mode & 0o777 == 0o600
        with Daemon(CATALOG, PLANS, extra) as daemon:
            assert status(files, daemon, taken) == 200, "a restart locks people out"
            name = 'fleetmeter_provider_key_fetches_total{result="failed"}'
            comes(lambda: (metric(files, daemon, name) or 0) > 0, "nobody counts the failure")
            kept = metric(files, daemon, "fleetmeter_provider_keys_fetched_timestamp_seconds")
            assert fetched <= kept < fetched + LIMIT_S, (fetched, kept)
        print("a restart while the provider is down locks nobody out")

        stranger = pathlib.Path(folder) / "stranger"
        subprocess.run([SOURCE / "deploy/make-dev-certs.sh", stranger, "ops/reader"], check=True,
                       stdout=subprocess.DEVNULL)
        again = Provider(files.pki)
        other = pathlib.Path(folder) / "other.json"
        with Daemon(CATALOG, PLANS, settings(files, again, stranger / "ca.pem", other)) as daemon:
            comes(lambda: (metric(files, daemon, name) or 0) > 0, "a stranger is believed")
            assert status(files, daemon, taken) == 401
            assert not again.asked, again.asked
        again.stop()
        print("a stranger's certificate is not believed")


if __name__ == "__main__":
    main()
