"""Avro and Protobuf with a real schema registry (Apicurio) and the real producers' serializers (confluent-kafka)."""

import base64
import contextlib
import datetime
import decimal
import http.server
import json
import threading
import urllib.request

import pytest
from confluent_kafka import Producer
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroSerializer
from confluent_kafka.schema_registry.protobuf import ProtobufSerializer
from confluent_kafka.serialization import MessageField, SerializationContext
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, timestamp_pb2
from harness.broker import Topics
from harness.freshet_process import FreshetProcess
from harness.registry import Registry
from harness.waiting import wait_until
from harness.wire import Wire

ORDER_1 = {"type": "record", "name": "Order", "namespace": "shop", "fields": [
    {"name": "id", "type": "long"},
    {"name": "region", "type": ["null", "string"], "default": None},
    {"name": "amount", "type": {"type": "bytes", "logicalType": "decimal", "precision": 12, "scale": 2}},
    {"name": "at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
    {"name": "customer", "type": {"type": "record", "name": "Customer", "fields": [{"name": "level", "type": "int"}]}},
    {"name": "tags", "type": {"type": "array", "items": "string"}}]}
# Fields in another order, one gone, one new, one wider: what a producer's next release does.
ORDER_2 = {"type": "record", "name": "Order", "namespace": "shop", "fields": [
    {"name": "at", "type": {"type": "long", "logicalType": "timestamp-micros"}},
    {"name": "note", "type": "string", "default": ""},
    {"name": "id", "type": "int"},
    {"name": "amount", "type": {"type": "fixed", "name": "Money", "size": 8, "logicalType": "decimal", "precision": 12, "scale": 3}},
    {"name": "customer", "type": ["null", {"type": "record", "name": "Customer", "fields": [
        {"name": "name", "type": "string"}, {"name": "level", "type": "long"}]}]}]}
AT = datetime.datetime(2024, 3, 1, 10, 0, 0, 250_000, tzinfo=datetime.timezone.utc)


@pytest.fixture(scope="module")
def registry(tmp_path_factory):
    running = Registry(tmp_path_factory.mktemp("registry"))
    running.start()
    yield running
    running.stop()


@contextlib.contextmanager
def guarded(registry, user, password):
    """The registry behind basic authentication, as a proxy in front of it asks for."""
    wanted = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()

    class Guard(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            if self.headers.get("Authorization") != wanted:
                self.send_error(401)
                return
            with urllib.request.urlopen(registry.url + self.path) as answer:
                body = answer.read()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Guard)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


class World:
    def __init__(self, bootstrap, directory, name):
        self.topics = Topics(bootstrap)
        self.topic = f"registry_{name}_{datetime.datetime.now().timestamp():.0f}"
        self.topics.create({self.topic: 1})
        self.bootstrap = bootstrap
        self.producer = Producer({"bootstrap.servers": bootstrap})
        self.directory = directory
        self.server = FreshetProcess(directory, {"secret_folders": directory})
        self.server.start()

    def ask(self, sql):
        wire = Wire(self.server.address(), "freshet", self.server.password(), "freshet")
        try:
            answer = wire.run(sql)
            assert not answer.error, answer.error_text()
            return answer.rows
        finally:
            wire.close()

    def source(self, columns, encode):
        self.ask(f"CREATE SOURCE s ({columns}) WITH (connector = 'kafka', topic = '{self.topic}', properties.bootstrap.server = "
                 f"'{self.bootstrap}', retention = '100 years') FORMAT PLAIN ENCODE {encode}")

    def send(self, *values):
        for value in values:
            self.producer.produce(self.topic, value)
        self.producer.flush()

    def await_rows(self, count, seconds=20):
        assert wait_until(lambda: int(self.ask("SELECT count(*) FROM s")[0][0]) == count, seconds), \
            self.ask("SELECT state, error FROM freshet.sources") + self.ask("SELECT reason_code, reason FROM freshet.dead_letters")

    def close(self):
        self.server.kill()
        self.topics.delete({self.topic: 1})
        self.topics.close()


@pytest.fixture
def world(request, kafka, tmp_path):
    made = World(kafka.bootstrap, tmp_path, request.node.name.split("[")[0])
    yield made
    made.close()


def avro(registry, world, schema):
    client = SchemaRegistryClient({"url": registry.url})
    serializer = AvroSerializer(client, json.dumps(schema), conf={"normalize.schemas": False})
    return lambda value: serializer(value, SerializationContext(world.topic, MessageField.VALUE))


COLUMNS = ("id BIGINT, region TEXT, amount DECIMAL(14,2), at TIMESTAMPTZ, level BIGINT PATH 'customer.level', tags JSONB, "
           "note TEXT, WATERMARK FOR at AS at")


def order(number, **more):
    return {"id": number, "amount": decimal.Decimal("12.50"), "at": AT, "customer": {"level": 3, "name": "Ann"}, "tags": ["a", "b"],
            "region": None, "note": "n", **more}


def test_avro_with_two_writer_schemas(registry, world):
    first, second = avro(registry, world, ORDER_1), avro(registry, world, ORDER_2)
    world.source(COLUMNS, f"AVRO (schema.registry = '{registry.url}')")
    world.send(first(order(1, region="eu")), second(order(2, amount=decimal.Decimal("-0.125"), customer=None)), first(order(3)),
               b"\0\0\0\0\x07no such schema?"[:5] + b"x", b"no magic", first(order(4))[:-1])
    world.await_rows(3)
    assert world.ask("SELECT id, region, amount, at, level, tags, note FROM s ORDER BY id") == [
        ["1", "eu", "12.50", "2024-03-01 10:00:00.25+00", "3", '["a","b"]', None],
        ["2", None, "-0.13", "2024-03-01 10:00:00.25+00", None, None, "n"],
        ["3", None, "12.50", "2024-03-01 10:00:00.25+00", "3", '["a","b"]', None]]
    assert wait_until(lambda: len(world.ask("SELECT 1 FROM freshet.dead_letters")) == 3, 20)
    assert sorted(row[0] for row in world.ask("SELECT reason_code FROM freshet.dead_letters")) == [
        "malformed_avro", "no_schema_id", "unknown_schema"]


def test_an_outage_is_waited_for(registry, world):
    known, new = avro(registry, world, ORDER_1), avro(registry, world, ORDER_2)
    late = new(order(2))
    world.source(COLUMNS, f"AVRO (schema.registry = '{registry.url}')")
    world.send(known(order(1)))
    world.await_rows(1)
    registry.pause()
    try:
        world.send(known(order(3)))          # a known schema goes on
        world.await_rows(2)
        world.send(late, known(order(4)))    # an unknown one waits, and what is behind it
        assert wait_until(lambda: world.ask("SELECT state FROM freshet.sources")[0][0] == "waiting", 20)
        assert "schema" in world.ask("SELECT error FROM freshet.sources")[0][0]
        world.server.stop()                  # it can be stopped meanwhile
        world.server.start()
        assert wait_until(lambda: world.ask("SELECT state FROM freshet.sources")[0][0] == "waiting", 20)
        world.ask("CREATE MATERIALIZED VIEW v AS SELECT region, count(*) AS n FROM s GROUP BY region")
    finally:
        registry.go_on()
    world.await_rows(4)
    assert world.ask("SELECT state, error FROM freshet.sources") == [["running", None]]
    assert world.ask("SELECT n FROM v") == [["4"]]
    assert world.ask("SELECT count(*) FROM freshet.dead_letters") == [["0"]]


def protobuf_class(more_fields=()):
    file = descriptor_pb2.FileDescriptorProto(name=f"order{len(more_fields)}.proto", package=f"shop{len(more_fields)}", syntax="proto3",
                                              dependency=["google/protobuf/timestamp.proto"])
    file.message_type.add(name="Unused")
    message = file.message_type.add(name="Order")
    field = descriptor_pb2.FieldDescriptorProto
    kinds = [("id", field.TYPE_INT64, ""), ("region", field.TYPE_STRING, ""), ("price", field.TYPE_DOUBLE, ""),
             ("at", field.TYPE_MESSAGE, ".google.protobuf.Timestamp"), *more_fields]
    for number, (name, kind, type_name) in enumerate(kinds, 1):
        message.field.add(name=name, number=number, type=kind, **({"type_name": type_name} if type_name else {}), label=field.LABEL_OPTIONAL)
    message.field.add(name="tags", number=20, type=field.TYPE_STRING, label=field.LABEL_REPEATED)
    pool = descriptor_pool.Default()
    return message_factory.GetMessageClass(pool.Add(file) and None or pool.FindMessageTypeByName(f"{file.package}.Order"))


def test_protobuf_with_two_writer_schemas(registry, world):
    field = descriptor_pb2.FieldDescriptorProto
    old, new = protobuf_class(), protobuf_class([("level", field.TYPE_SINT32, "")])
    client = SchemaRegistryClient({"url": registry.url})

    def send(kind, **values):
        stamp = timestamp_pb2.Timestamp()
        stamp.FromDatetime(AT)
        serializer = ProtobufSerializer(kind, client, {"use.deprecated.format": False})
        world.send(serializer(kind(at=stamp, **values), SerializationContext(world.topic, MessageField.VALUE)))

    world.source("id BIGINT, region TEXT, price DOUBLE PRECISION, at TIMESTAMPTZ, level INTEGER, tags JSON, WATERMARK FOR at AS at",
                 f"PROTOBUF (schema.registry = '{registry.url}')")
    send(old, id=1, region="eu", price=1.5, tags=["x"])
    send(old, id=2)
    send(new, id=3, level=-7)
    world.await_rows(3)
    assert world.ask("SELECT id, region, price, at, level, tags FROM s ORDER BY id") == [
        ["1", "eu", "1.5", "2024-03-01 10:00:00.25+00", None, '["x"]'],
        ["2", "", "0", "2024-03-01 10:00:00.25+00", None, "[]"],
        ["3", "", "0", "2024-03-01 10:00:00.25+00", "-7", "[]"]]


def test_a_password_is_a_secret(registry, world):
    write = avro(registry, world, ORDER_1)
    password = world.directory / "password"
    password.write_text("wrong\n")
    with guarded(registry, "reader", "s3cret") as url:
        world.ask(f"CREATE SECRET registry WITH (file = '{password}')")
        world.source(COLUMNS, f"AVRO (schema.registry = '{url}', schema.registry.username = 'reader', "
                              "schema.registry.password = SECRET registry)")
        world.send(write(order(1)))
        assert wait_until(lambda: "refused the sign-in" in str(world.ask("SELECT error FROM freshet.sources")), 20)
        password.write_text("s3cret\n")      # read anew when the source starts again
        world.server.stop()
        world.server.start()
        world.await_rows(1)
    shown = str(world.ask("SELECT * FROM freshet.sources") + world.ask("SELECT * FROM freshet.secrets")) + world.server.log.read_text()
    assert "s3cret" not in shown and "SECRET registry" in shown


def test_tables_have_keys_of_their_own_schemas(registry, world):
    """FORMAT UPSERT: what deletes a row is a key in Avro (a record, a number) or Protobuf, without a value."""
    client = SchemaRegistryClient({"url": registry.url})
    key = SerializationContext(world.topic, MessageField.KEY)
    value = SerializationContext(world.topic, MessageField.VALUE)
    row = AvroSerializer(client, json.dumps({"type": "record", "name": "R", "fields": [
        {"name": "name", "type": "string"}, {"name": "id", "type": "long"}]}))
    record_key = AvroSerializer(client, json.dumps({"type": "record", "name": "K", "fields": [{"name": "id", "type": "int"}]}))
    number_key = AvroSerializer(client, json.dumps("long"))
    world.ask(f"CREATE TABLE s (id BIGINT PRIMARY KEY, name TEXT) WITH (connector = 'kafka', topic = '{world.topic}', "
              f"properties.bootstrap.server = '{world.bootstrap}') FORMAT UPSERT ENCODE AVRO (schema.registry = '{registry.url}')")
    for number in range(1, 6):
        world.producer.produce(world.topic, row({"id": number, "name": f"n{number}"}, value), key=record_key({"id": number}, key))
    world.producer.produce(world.topic, None, key=record_key({"id": 1}, key))
    world.producer.produce(world.topic, None, key=number_key(2, key))
    world.producer.produce(world.topic, None, key=b"3")
    world.producer.produce(world.topic, number_key(4, value), key=b"4")  # no record: a dead letter
    world.producer.flush()
    assert wait_until(lambda: world.ask("SELECT reason_code FROM freshet.dead_letters") == [["unknown_schema"]], 20)
    assert world.ask("SELECT * FROM s ORDER BY id") == [["4", "n4"], ["5", "n5"]]


def test_a_table_of_protobuf(registry, world):
    kind = protobuf_class()
    client = SchemaRegistryClient({"url": registry.url})
    serializer = ProtobufSerializer(kind, client, {"use.deprecated.format": False})
    key = SerializationContext(world.topic, MessageField.KEY)
    value = SerializationContext(world.topic, MessageField.VALUE)
    world.ask(f"CREATE TABLE s (id BIGINT PRIMARY KEY, region TEXT) WITH (connector = 'kafka', topic = '{world.topic}', "
              f"properties.bootstrap.server = '{world.bootstrap}') FORMAT UPSERT ENCODE PROTOBUF (schema.registry = '{registry.url}')")
    for number in (1, 2, 3):
        world.producer.produce(world.topic, serializer(kind(id=number, region=f"r{number}"), value))
    world.producer.produce(world.topic, None, key=serializer(kind(id=1), key))
    world.producer.produce(world.topic, None, key=b"3")
    world.producer.flush()
    assert wait_until(lambda: world.ask("SELECT * FROM s") == [["2", "r2"]], 20)
