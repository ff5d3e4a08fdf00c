#!/usr/bin/python3
"""A real Alertmanager with the example's routes: the owner of pools gets one message with all that is to be said.

Underuse and waiting demand of an owner's pools come together, in a message that another owner's pool is not in. Of a
pool of which too little is heard, underuse is not told at all.
"""

import http.server
import json
import pathlib
import sys
import tempfile
import threading

import yaml

from inhibit_test import alertmanager, send, until

ALERTS = [
    {"alertname": "FleetmeterPoolUnderused", "pool": "a", "owner": "Ann"},
    {"alertname": "FleetmeterPoolUnderused", "pool": "b", "owner": "Ann"},
    {"alertname": "FleetmeterDemandServable", "pool": "a", "owner": "Ann"},
    {"alertname": "FleetmeterPoolUnderused", "pool": "c", "owner": "Bob"},
    {"alertname": "FleetmeterCoverageLow", "pool": "d", "owner": "Bob"},
    {"alertname": "FleetmeterPoolUnderused", "pool": "d", "owner": "Bob"},
]
WANTED = {
    "Ann": [("FleetmeterDemandServable", "a"), ("FleetmeterPoolUnderused", "a"), ("FleetmeterPoolUnderused", "b")],
    "Bob": [("FleetmeterPoolUnderused", "c")],
}


class Receiver(http.server.BaseHTTPRequestHandler):
    messages = []

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.messages.append(body)
        self.send_response(200)
        self.end_headers()

    def log_message(self, *args):
        pass


def with_receiver(example, address):
    """The example's configuration, whose messages come here and do not wait for half a minute."""
    config = yaml.safe_load(pathlib.Path(example).read_text())
    config["route"]["group_wait"] = "1s"
    webhook = {"name": "capacity", "webhook_configs": [{"url": f"http://{address}/", "send_resolved": False}]}
    config["receivers"] = [webhook if r["name"] == "capacity" else r for r in config["receivers"]]
    return yaml.safe_dump(config)


def main():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.NamedTemporaryFile("w", suffix=".yml") as file:
        file.write(with_receiver(sys.argv[1], f"127.0.0.1:{server.server_address[1]}"))
        file.flush()
        with alertmanager(file.name) as url:
            send(url, ALERTS)
            until("each owner has a message", lambda: len(Receiver.messages) >= len(WANTED))
    server.shutdown()
    got = {}
    for message in Receiver.messages:
        alerts = sorted((a["labels"]["alertname"], a["labels"]["pool"]) for a in message["alerts"])
        got.setdefault(message["groupLabels"]["owner"], []).append(alerts)
    wanted = {owner: [alerts] for owner, alerts in WANTED.items()}
    print("one message for each owner" if got == wanted else f"want {wanted}, got {got}")
    return 0 if got == wanted else 1


if __name__ == "__main__":
    sys.exit(main())
