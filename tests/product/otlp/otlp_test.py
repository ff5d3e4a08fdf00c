#!/usr/bin/python3
"""Metrics by OTLP from a real daemon: every sample of /metrics is an exported point, with its value,
labels and type; receivers that reject, refuse, throttle and go; a stop sends what was counted last.

Exit code 0: all is well; 1: something is not; 77: skipped, since a Python package is not there.
"""
import math
import pathlib
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from concurrent import futures

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "support"))
from programs import SKIPPED, SOURCE, Daemon

try:
    import grpc
    from prometheus_client import parser
except ImportError as missing:
    print(f"skipped: {missing}; deploy/install-deps.sh --tests installs it")
    sys.exit(SKIPPED)

CATALOG = SOURCE / "deploy/catalog/default.yaml"
PLANS = [SOURCE / "deploy/plans/example.yaml"]
FRAMEWORK = SOURCE / "deploy/plans/framework.yaml"
CUMULATIVE = 2
LIMIT_S = 60
# As often as the daemon does it.
INTERVAL_S = 1


def load_stubs(out):
    """The modules of the receiver's protocol, made from our proto."""
    subprocess.run(
        ["protoc", "-I", SOURCE / "proto", f"--python_out={out}", f"--grpc_python_out={out}",
         "--plugin=protoc-gen-grpc_python=/usr/bin/grpc_python_plugin",
         SOURCE / "proto/peers/otlp_metrics.proto", SOURCE / "proto/peers/rpc_status.proto"],
        check=True)
    sys.path.insert(0, str(out))
    from peers import otlp_metrics_pb2, otlp_metrics_pb2_grpc, rpc_status_pb2
    return otlp_metrics_pb2, otlp_metrics_pb2_grpc, rpc_status_pb2


class Receiver:
    """Takes exports on a port of loopback, and answers as `answer` says."""

    def __init__(self, stubs, services, port=0):
        self.changed = threading.Condition()
        self.exports = []
        self.answer = lambda context: stubs.ExportMetricsServiceResponse()
        receiver = self

        class Service(services.MetricsServiceServicer):
            def Export(self, request, context):
                with receiver.changed:
                    receiver.exports.append(request)
                    receiver.changed.notify_all()
                return receiver.answer(context)

        self.server = grpc.server(futures.ThreadPoolExecutor(4), options=[("grpc.so_reuseport", 0)])
        services.add_MetricsServiceServicer_to_server(Service(), self.server)
        self.port = self.server.add_insecure_port(f"127.0.0.1:{port}")
        self.server.start()

    def wait(self, count):
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.exports) >= count, LIMIT_S), (
                f"{len(self.exports)} exports came; expected {count}")
            return list(self.exports)

    def next(self):
        """The first export that begins from now on."""
        seen = len(self.exports)
        return self.wait(seen + 2)[seen + 1]

    def stop(self):
        self.server.stop(0).wait()


def page_of(daemon):
    with urllib.request.urlopen(f"http://{daemon.addresses['http']}/metrics", timeout=60) as answer:
        text = answer.read().decode()
    types, samples = {}, {}
    for family in parser.text_string_to_metric_families(text):
        for sample in family.samples:
            types[sample.name] = family.type
            labels = dict(sample.labels)
            if "le" in labels:
                labels["le"] = float(labels["le"])
            samples[sample.name, tuple(sorted(labels.items()))] = sample.value
    return types, samples


def key(name, attributes, **more):
    labels = {each.key: each.value.string_value for each in attributes} | more
    return name, tuple(sorted(labels.items()))


def histogram_samples(name, point):
    """What /metrics says of a histogram's point."""
    below = 0
    bounds = list(point.explicit_bounds) + [math.inf]
    assert len(point.bucket_counts) == len(bounds), point
    for bound, count in zip(bounds, point.bucket_counts):
        below += count
        yield key(f"{name}_bucket", point.attributes, le=bound), below
    yield key(f"{name}_sum", point.attributes), point.sum
    yield key(f"{name}_count", point.attributes), point.count


def export_samples(request):
    """Types and samples of one export, as page_of gives those of a page."""
    types, samples = {}, {}
    for metric in request.resource_metrics[0].scope_metrics[0].metrics:
        kind = metric.WhichOneof("data")
        if kind == "histogram":
            assert metric.histogram.aggregation_temporality == CUMULATIVE, metric.name
            for point in metric.histogram.data_points:
                for name, value in histogram_samples(metric.name, point):
                    assert name not in samples, name
                    types[name[0]], samples[name] = "histogram", value
            continue
        if kind == "sum":
            assert metric.sum.is_monotonic, metric.name
            assert metric.sum.aggregation_temporality == CUMULATIVE, metric.name
        for point in getattr(metric, kind).data_points:
            name = key(metric.name, point.attributes)
            assert name not in samples, name
            types[name[0]] = "counter" if kind == "sum" else "gauge"
            samples[name] = point.as_double
    return types, samples


def same(a, b):
    return a == b or (math.isnan(a) and math.isnan(b))


def every_sample_is_a_point(daemon, receiver):
    """Two pages and an export between them: what did not change is equal, a count lies between."""
    before_types, before = page_of(daemon)
    exported_types, exported = export_samples(receiver.next())
    after_types, after = page_of(daemon)
    assert len(before) > 400, len(before)
    assert set(before) <= set(exported), sorted(set(before) - set(exported))[:5]
    assert set(exported) <= set(after), sorted(set(exported) - set(after))[:5]
    for name, kind in exported_types.items():
        assert kind == after_types[name], (name, kind, after_types[name])
    assert set(before_types) <= set(exported_types)
    equal = 0
    for name, value in exported.items():
        old, new = before.get(name, after[name]), after[name]
        # Gauges of the process may go up and down between the two pages.
        if same(old, new) and not name[0].startswith("process_"):
            assert same(value, old), (name, value, old)
            equal += 1
        elif exported_types[name[0]] != "gauge":
            assert old <= value <= new, (name, old, value, new)
    # What changes by itself is little: the process, and the exports and scrapes themselves.
    assert len(exported) - equal < 60, len(exported) - equal
    print(f"{len(exported)} samples exported, {equal} of them equal before and after")


def frame_is_right(export):
    resource = {each.key: each.value.string_value
                for each in export.resource_metrics[0].resource.attributes}
    assert resource["service.name"] == "fleetmeter", resource
    assert resource["service.instance.id"] == "east", resource
    scope = export.resource_metrics[0].scope_metrics[0]
    assert scope.scope.name == "fleetmeterd" and scope.scope.version, scope.scope
    units = {metric.name: metric.unit for metric in scope.metrics}
    assert units["fleetmeter_pool_allocated_h100e"] == "{H100e}", units
    assert units["fleetmeter_pool_allocated_h100e_seconds_total"] == "{H100e}.s", units
    assert units["process_resident_memory_bytes"] == "By", units
    assert all(metric.description for metric in scope.metrics)


def times_are_right(receiver):
    """Sums count from the first export on, and a gauge from nothing."""
    first, later = receiver.exports[0], receiver.next()

    def point(export, name, kind):
        for metric in export.resource_metrics[0].scope_metrics[0].metrics:
            if metric.name == name:
                return getattr(metric, kind).data_points[0]
        raise AssertionError(name)

    name = "fleetmeter_config_reloads_total"
    begun = point(first, name, "sum")
    assert begun.start_time_unix_nano == begun.time_unix_nano, begun
    now = point(later, name, "sum")
    assert now.start_time_unix_nano == begun.time_unix_nano, (begun, now)
    assert now.time_unix_nano > begun.time_unix_nano
    assert abs(now.time_unix_nano / 1e9 - time.time()) < LIMIT_S
    assert point(later, "fleetmeter_build_info", "gauge").start_time_unix_nano == 0


def counted(daemon, result):
    return page_of(daemon)[1].get(("fleetmeter_otlp_exports_total", (("result", result),)))


def await_count(daemon, result, more_than):
    """How often exports ended so, once it is more than that."""
    limit = time.monotonic() + LIMIT_S
    while time.monotonic() < limit:
        count = counted(daemon, result)
        if count is not None and count > more_than:
            return count
    raise AssertionError(f"no export ended with {result}")


def troubles(daemon, receiver, stubs, services, rpc_status):
    """Partial success, refusal, throttling, and a receiver that goes and comes back."""
    partial = stubs.ExportMetricsServiceResponse()
    partial.partial_success.rejected_data_points = 2
    partial.partial_success.error_message = "too many"
    receiver.answer = lambda context: partial
    await_count(daemon, "partial", 0)
    rejected = page_of(daemon)[1]["fleetmeter_otlp_rejected_points_total", ()]
    assert rejected >= 2, rejected

    receiver.answer = lambda context: context.abort(grpc.StatusCode.PERMISSION_DENIED, "no")
    await_count(daemon, "refused", 0)

    pause_s = 3
    info = rpc_status.RetryInfo()
    info.retry_delay.FromSeconds(pause_s)
    status = rpc_status.Status(code=grpc.StatusCode.RESOURCE_EXHAUSTED.value[0])
    status.details.add().Pack(info)

    def throttle(context):
        context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
        context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "later")

    receiver.answer = throttle
    failed = counted(daemon, "failed")
    await_count(daemon, "failed", failed)
    at = time.monotonic()
    seen = len(receiver.exports)
    receiver.answer = lambda context: stubs.ExportMetricsServiceResponse()
    receiver.wait(seen + 1)
    assert time.monotonic() - at > pause_s / 2, "it came back before it was asked to"

    port = receiver.port
    failed = counted(daemon, "failed")
    receiver.stop()
    await_count(daemon, "failed", failed)
    again = Receiver(stubs, services, port)
    again.wait(1)
    print("partial success, refusal, throttling and a restart of the receiver are counted")
    return again


def a_reload_changes_the_receiver(daemon, receiver, stubs, services):
    """Returns the other one."""
    other = Receiver(stubs, services)
    daemon.change(f"127.0.0.1:{receiver.port}", f"127.0.0.1:{other.port}")
    begun = other.wait(1)[0]
    seen = len(receiver.exports)
    other.wait(3)
    assert len(receiver.exports) == seen, "both get exports"
    name = "fleetmeter_otlp_rejected_points_total"
    for metric in begun.resource_metrics[0].scope_metrics[0].metrics:
        if metric.name == name:
            point = metric.sum.data_points[0]
            assert point.start_time_unix_nano == point.time_unix_nano, "what it counts is older"
            break
    else:
        raise AssertionError(name)
    receiver.stop()
    print("a reload changes the receiver")
    return other


def main():
    with tempfile.TemporaryDirectory() as folder:
        stubs, services, rpc_status = load_stubs(folder)
        receiver = Receiver(stubs, services)
        with Daemon(CATALOG, PLANS,
                    f"framework: {FRAMEWORK}\nledger: {{path: {folder}/ledger.db}}\n"
                    f"otlp: {{endpoint: 'http://127.0.0.1:{receiver.port}', "
                    f"interval: {INTERVAL_S}s, instance: east}}\n") as daemon:
            frame_is_right(receiver.wait(1)[0])
            every_sample_is_a_point(daemon, receiver)
            times_are_right(receiver)
            receiver = troubles(daemon, receiver, stubs, services, rpc_status)
            receiver = a_reload_changes_the_receiver(daemon, receiver, stubs, services)
            seen = len(receiver.exports)
        # One more came with the stop, after the last of the interval.
        assert len(receiver.wait(seen + 1)) > seen
        receiver.stop()
        with Daemon(CATALOG, PLANS) as silent:
            names = {name for name, _ in page_of(silent)[1]}
            assert not any(name.startswith("fleetmeter_otlp_") for name in names), names
    print("ok")


if __name__ == "__main__":
    main()
