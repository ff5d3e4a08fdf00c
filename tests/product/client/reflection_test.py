#!/usr/bin/python3
"""A client that has no protos asks a real daemon for them by gRPC's server reflection, and uses
them; and the health service. With TLS neither asks for a role, and neither tells a number."""
import pathlib
import subprocess
import sys
import tempfile
import threading

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from clients import SOURCE, SteadyDaemon

REFLECTION = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"
HEALTH = "/grpc.health.v1.Health/Check"
SERVING = b"\x08\x01"
OURS = {"ingest": {"fleetmeter.v1.UsageIngest", "fleetmeter.v1.Outcomes"},
        "query": {"fleetmeter.v1.Query", "fleetmeter.v1.Plan", "fleetmeter.v1.Outcomes",
                  "fleetmeter.v1.Capacity"},
        "admin": {"fleetmeter.v1.Admin"}}


def field(name, number, kind, type_name=None, repeated=False):
    return descriptor_pb2.FieldDescriptorProto(
        name=name, number=number, type=kind, type_name=type_name,
        label=3 if repeated else 1)


def reflection_messages():
    """What of grpc/reflection/v1alpha/reflection.proto is needed; Debian has no such file."""
    text, blob, nested = 9, 12, 11
    file = descriptor_pb2.FileDescriptorProto(name="reflection_of_test.proto", package="test",
                                              syntax="proto3")
    for name, fields in {
        "Request": [field("file_containing_symbol", 4, text), field("list_services", 7, text)],
        "Service": [field("name", 1, text)],
        "Services": [field("service", 1, nested, ".test.Service", True)],
        "Files": [field("file_descriptor_proto", 1, blob, repeated=True)],
        "Response": [field("files", 4, nested, ".test.Files"),
                     field("services", 6, nested, ".test.Services")],
    }.items():
        file.message_type.add(name=name).field.extend(fields)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    factory = message_factory.MessageFactory(pool)
    return [factory.GetPrototype(pool.FindMessageTypeByName(f"test.{name}"))
            for name in ("Request", "Response")]


REQUEST, RESPONSE = reflection_messages()


def reflect(channel, **question):
    """One question, answered."""
    call = channel.stream_stream(REFLECTION, request_serializer=REQUEST.SerializeToString,
                                 response_deserializer=RESPONSE.FromString)
    return next(call(iter([REQUEST(**question)]), timeout=10))


def services(channel):
    return {each.name for each in reflect(channel, list_services="*").services.service}


def check_services(channel, listener):
    told = services(channel)
    assert OURS[listener] <= told, (listener, told)
    assert {name for name in told if name.startswith("fleetmeter.")} == OURS[listener], told
    for name in ("", *OURS[listener]):
        question = (b"\x0a" + bytes([len(name)]) + name.encode()) if name else b""
        assert channel.unary_unary(HEALTH)(question, timeout=10) == SERVING, name


def ask_by_reflection_alone(channel):
    """The names of the pools, from a client that knows the name of the service and no more."""
    pool = descriptor_pool.DescriptorPool()
    files = reflect(channel, file_containing_symbol="fleetmeter.v1.Query").files
    for each in files.file_descriptor_proto:
        pool.AddSerializedFile(each)
    method = pool.FindServiceByName("fleetmeter.v1.Query").FindMethodByName("ListPools")
    factory = message_factory.MessageFactory(pool)
    request, response = map(factory.GetPrototype, (method.input_type, method.output_type))
    call = channel.unary_unary("/fleetmeter.v1.Query/ListPools",
                               request_serializer=request.SerializeToString,
                               response_deserializer=response.FromString)
    return [each.pool for each in call(request(), timeout=10).pools]


def many_at_once(channel, address):
    """Open questions take a thread each, so there is a limit on them; the daemon goes on."""
    call = channel.stream_stream(REFLECTION, request_serializer=REQUEST.SerializeToString,
                                 response_deserializer=RESPONSE.FromString)
    forever = threading.Event()

    def asked():
        yield REQUEST(list_services="*")
        forever.wait()

    open_calls = [call(asked()) for _ in range(40)]
    outcomes = set()
    for each in open_calls:
        try:
            next(each)
            outcomes.add("answered")
        except grpc.RpcError as error:
            outcomes.add(error.code().name)
    assert outcomes == {"answered", "RESOURCE_EXHAUSTED"}, outcomes
    with grpc.insecure_channel(address, options=[("grpc.use_local_subchannel_pool", 1)]) as other:
        assert other.unary_unary(HEALTH)(b"", timeout=10) == SERVING
    for each in open_calls:
        each.cancel()
    forever.set()


def in_plaintext(folder):
    with SteadyDaemon(folder) as daemon:
        with grpc.insecure_channel(daemon.ingest_address) as channel:
            check_services(channel, "ingest")
            many_at_once(channel, daemon.ingest_address)
        with grpc.insecure_channel(daemon.query_address) as channel:
            check_services(channel, "query")
            pools = ask_by_reflection_alone(channel)
            assert len(pools) == 8 and "research-scaling" in pools, pools
        daemon.stop()


def with_tls(folder):
    pki = folder / "pki"
    subprocess.run(["bash", SOURCE / "deploy/make-dev-certs.sh", pki, "nobody/known"], check=True,
                   capture_output=True)
    read = lambda name: (pki / name).read_bytes()
    extra = (f"tls: {{certificate: {pki}/fleetmeterd.pem, key: {pki}/fleetmeterd-key.pem, "
             f"client_ca: {pki}/ca.pem, trust_domain: example.org}}\n"
             "authorization:\n  - {identity: spiffe://example.org/ops/me, roles: [query]}\n")
    with SteadyDaemon(folder, extra=extra) as daemon:
        known = grpc.ssl_channel_credentials(read("ca.pem"), read("nobody-known-key.pem"),
                                             read("nobody-known.pem"))
        with grpc.secure_channel(daemon.query_address, known) as channel:
            check_services(channel, "query")
            try:
                ask_by_reflection_alone(channel)
                raise AssertionError("an identity without a role was answered")
            except grpc.RpcError as error:
                assert error.code() is grpc.StatusCode.PERMISSION_DENIED, error
        without = grpc.ssl_channel_credentials(read("ca.pem"))
        with grpc.secure_channel(daemon.query_address, without) as channel:
            try:
                services(channel)
                raise AssertionError("a client without a certificate was answered")
            except grpc.RpcError as error:
                assert error.code() is grpc.StatusCode.UNAVAILABLE, error
        daemon.stop()


def main():
    for check in (in_plaintext, with_tls):
        with tempfile.TemporaryDirectory(prefix="fleetmeter-reflection-") as folder:
            check(pathlib.Path(folder))
        print(f"{check.__name__}: ok")
    return 0


if __name__ == "__main__":
    sys.exit(main())
