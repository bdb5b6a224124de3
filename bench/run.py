"""Freshet beside the bare client: backlog drain, event-to-visible latency, connection cost. See bench/README.md."""

import argparse
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

import psycopg2

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / "build" / "release"
PARTITIONS = 8
DRAINS = {  # documented configurations of the bare client; the best one counts
    "defaults": [],
    "large fetches": ["fetch.message.max.bytes=4194304", "queued.min.messages=1000000", "queued.max.messages.kbytes=262144"],
    "small queue": ["queued.min.messages=100000", "queued.max.messages.kbytes=65536", "fetch.wait.max.ms=10",
                    "fetch.queue.backoff.ms=10"],
}
SOURCE = """
CREATE SOURCE orders (
  order_id BIGINT, customer_id BIGINT, region TEXT, status TEXT, amount DECIMAL(12,2), ts TIMESTAMPTZ, currency TEXT,
  channel TEXT, items INT, session TEXT, coupon TEXT, note TEXT,
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND)
WITH (connector = 'kafka', topic = '{topic}', properties.bootstrap.server = '{broker}', retention = '{retention}')
FORMAT PLAIN ENCODE JSON;
"""
VIEW = """
CREATE MATERIALIZED VIEW orders_per_minute AS
SELECT window_start, region, count(*) AS orders, sum(amount) AS revenue, min(amount) AS smallest, max(amount) AS largest,
       approx_percentile(0.95) WITHIN GROUP (ORDER BY amount) AS p95, max(ts) AS newest
FROM TUMBLE(orders, ts, INTERVAL '1' MINUTE) GROUP BY window_start, region;
"""


GROUPS = ["status", "currency", "channel", "items", "customer_id % 100", "customer_id % 50", "order_id % 10", "order_id % 20", "coupon"]
MORE_VIEWS = {  # beside the first one
    "ten views, unrelated": [f"""
CREATE MATERIALIZED VIEW more_{i} AS SELECT date_trunc('hour', ts) AS hour, {group} AS part, count(*) AS orders, sum(amount) AS revenue,
       min(amount) AS smallest, max(amount) AS largest, approx_percentile(0.95) WITHIN GROUP (ORDER BY amount) AS p95
FROM orders GROUP BY 1, 2;""" for i, group in enumerate(GROUPS)],
    "ten views, same bucket": [f"""
CREATE MATERIALIZED VIEW more_{i} AS SELECT window_start, {group} AS part, count(*) AS orders, sum(amount) AS revenue, avg(amount) AS mean
FROM TUMBLE(orders, ts, INTERVAL '1' MINUTE) GROUP BY window_start, 2;""" for i, group in enumerate(GROUPS)],
}
ROLLUPS = [f"""
CREATE MATERIALIZED VIEW orders_per_{to} AS SELECT date_trunc('{to}', {time}) AS {to}, region, sum(orders) AS orders,
       sum(revenue) AS revenue, min(smallest) AS smallest, max(largest) AS largest,
       approx_percentile(0.95) WITHIN GROUP (ORDER BY p95) AS p95, max(newest) AS newest
FROM orders_per_{of} GROUP BY 1, 2;""" for of, to, time in [("minute", "hour", "window_start"), ("hour", "day", "hour")]]
MORE_VIEWS.update({"one rollup level": ROLLUPS[:1], "two rollup levels": ROLLUPS})
MANY_KEYS = {  # one group an order
    "count and sum": "count(*) AS orders, sum(amount) AS revenue",
    "sketches": "approx_percentile(0.95) WITHIN GROUP (ORDER BY amount) AS p95, approx_count_distinct(customer_id) AS customers",
}
STAGES = ["fetch", "decompress", "parse", "aggregate", "commit", "elsewhere"]


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Kafka:
    def __init__(self, folder):
        self.folder, self.port = folder, free_port()
        subprocess.run([ROOT / "demo/kafka/up.sh", folder, str(self.port)], check=True, stdout=subprocess.DEVNULL)
        self.broker = f"127.0.0.1:{self.port}"

    def topic(self, name):
        subprocess.run([ROOT / "demo/kafka/tool.sh", "topics", "--bootstrap-server", self.broker, "--create", "--topic", name,
                        "--partitions", str(PARTITIONS)], check=True, stdout=subprocess.DEVNULL)

    def stop(self):
        subprocess.run([ROOT / "demo/kafka/down.sh", self.folder], check=False)


class Freshet:
    """A server on free ports with one source and one view over `topic`."""

    def __init__(self, kafka, topic, retention, lanes=0, reader="auto", more=""):
        self.data = tempfile.mkdtemp(prefix="freshet-bench-")
        pipeline = pathlib.Path(self.data) / "pipeline.sql"
        pipeline.write_text(SOURCE.format(topic=topic, broker=kafka.broker, retention=retention) + VIEW + more)
        self.port, self.http = free_port(), free_port()
        self.log = open(pathlib.Path(self.data) / "log", "w")
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            [BUILD / "freshet", "run", "--data-dir", self.data + "/data", "--listen", f"127.0.0.1:{self.port}", "--http",
             f"127.0.0.1:{self.http}", "--lanes", str(lanes), "--reader", reader, pipeline], stderr=self.log)
        password = pathlib.Path(self.data) / "data" / "admin-password"
        for _ in range(300):
            try:
                self.password = password.read_text().strip()
                self.sql = self.connect()
                break
            except (OSError, psycopg2.OperationalError):
                if self.process.poll() is not None:
                    sys.exit(f"freshet ended, see {self.log.name}")
                time.sleep(0.05)
        else:
            sys.exit(f"freshet does not answer, see {self.log.name}")

    def connect(self):
        connection = psycopg2.connect(host="127.0.0.1", port=self.port, user="freshet", password=self.password, dbname="freshet")
        connection.autocommit = True
        return connection

    def query(self, text):
        with self.sql.cursor() as cursor:
            cursor.execute(text)
            return cursor.fetchall()

    def usage(self):
        stat = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        ticks = os.sysconf("SC_CLK_TCK")
        peak = re.search(r"VmHWM:\s+(\d+)", pathlib.Path(f"/proc/{self.process.pid}/status").read_text())
        return {"cpu_seconds": (int(stat[11]) + int(stat[12])) / ticks, "peak_mb": int(peak.group(1)) / 1024}

    def stages(self):
        """CPU seconds by stage. The lanes' own; the engine's workers, queries and the start are elsewhere."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.http}/metrics", timeout=10) as answer:
            text = answer.read().decode()
        spent = {stage: int(micros) / 1e6 for stage, micros in
                 re.findall(r'freshet_pipeline_cpu_microseconds_total\{[^}]*stage="(\w+)"\} (\d+)', text)}
        direct = re.search(r"^freshet_source_decompress_cpu_microseconds_total (\d+)", text, re.M)  # librdkafka's own threads do not tell
        spent["decompress"] = int(direct.group(1)) / 1e6 if direct else 0
        spent["fetch"] -= spent["decompress"]
        spent["elsewhere"] = self.usage()["cpu_seconds"] - sum(spent.values())
        return spent

    def stop(self):
        self.sql.close()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)
        shutil.rmtree(self.data)


def produce(kafka, topic, count, **options):
    out = subprocess.run([BUILD / "bench_produce", kafka.broker, topic, str(count), *(f"{k}={v}" for k, v in options.items())],
                         check=True, capture_output=True, text=True)
    return out.stdout.strip()


def bare_drain(kafka, topic, count, settings):
    out = subprocess.run([BUILD / "bench_drain", kafka.broker, topic, str(count), str(PARTITIONS), *settings], check=True,
                         capture_output=True, text=True)
    words = out.stdout.split()
    return {words[i]: float(words[i + 1]) for i in range(0, len(words), 2)}


def freshet_drain(kafka, topic, count, retention, lanes, reader="auto", more=""):
    """From the process's start to the commit that covers the last record."""
    server = Freshet(kafka, topic, retention, lanes, reader, more)
    try:
        first = None
        while True:
            done = server.query("SELECT coalesce(sum(position), 0) FROM freshet.source_partitions")[0][0]
            now = time.monotonic()
            if done and first is None:
                first = (now, int(done))
            if done >= count:
                break
            if now - server.started > 600:
                sys.exit("freshet did not finish the topic in ten minutes")
            time.sleep(0.025)  # a question costs the server half a millisecond
        seconds = now - server.started
        orders = server.query("SELECT sum(orders), sum(revenue) FROM orders_per_minute")[0]
        if orders[0] != count:
            sys.exit(f"the view counts {orders[0]} records, {count} were written")
        suspended = server.query("SELECT name, error FROM freshet.views WHERE state <> 'running'")
        return {"seconds": seconds, "records_per_second": count / seconds, **server.usage(), "stages": server.stages(),
                "revenue": str(orders[1]), "suspended": suspended}
    finally:
        server.stop()


def measure_drain(kafka, args):
    count = args.records
    kafka.topic("bench")
    print("produced:", produce(kafka, "bench", count))
    best = {name: bare_drain(kafka, "bench", count, settings) for name, settings in DRAINS.items()}
    name = max(best, key=lambda n: best[n]["records_per_second"])
    print(f"best bare configuration: {name}")
    result = {"records": count, "bare_configuration": name}
    rounds = {"bare": [], "no raw rows": [], "all columns kept": [], "by librdkafka": []}
    for _ in range(args.rounds):
        rounds["bare"].append(bare_drain(kafka, "bench", count, DRAINS[name]))
        rounds["no raw rows"].append(freshet_drain(kafka, "bench", count, "0", args.lanes))
        rounds["all columns kept"].append(freshet_drain(kafka, "bench", count, "3650 days", args.lanes))
        rounds["by librdkafka"].append(freshet_drain(kafka, "bench", count, "0", args.lanes, "librdkafka"))
    bare = statistics.median(r["records_per_second"] for r in rounds["bare"])
    bare_cpu = statistics.median(r["cpu_seconds"] for r in rounds["bare"])
    for kind, runs in rounds.items():
        rate = statistics.median(r["records_per_second"] for r in runs)
        cpu = statistics.median(r["cpu_seconds"] for r in runs)
        peak = max(r["peak_mb"] for r in runs)
        result[kind] = {"records_per_second": rate, "ratio": rate / bare, "cpu_us_per_record": cpu / count * 1e6,
                        "cpu_ratio": cpu / bare_cpu, "peak_mb": peak, "runs": [r["records_per_second"] for r in runs]}
        print(f"{kind:18} {rate / 1e6:6.2f} M records/s  ratio {rate / bare:5.2f}  cpu {cpu / count * 1e6:5.2f} us/record "
              f"({cpu / bare_cpu:4.2f} x bare)  peak {peak:5.0f} MB")
        if "stages" in runs[0]:
            stages = {stage: statistics.median(r["stages"].get(stage, 0) for r in runs) / count * 1e6 for stage in STAGES}
            result[kind]["stage_us_per_record"] = stages
            print(" " * 20 + "by stage: " + ", ".join(f"{stage} {us:.3f}" for stage, us in stages.items()) + " us/record")
    return result


def measure_views(kafka, args):
    """Ten views on one source beside one; a view with a group for every record."""
    count = args.records
    kafka.topic("views")
    produce(kafka, "views", count)
    rounds = {"one view": [], **{kind: [] for kind in MORE_VIEWS}}
    for _ in range(args.rounds):
        for kind, runs in rounds.items():
            runs.append(freshet_drain(kafka, "views", count, "0", args.lanes, more="".join(MORE_VIEWS.get(kind, []))))
    result, one = {}, None
    for kind, runs in rounds.items():
        cpu, rate = (statistics.median(r[what] for r in runs) for what in ("cpu_seconds", "records_per_second"))
        one = one or (cpu, rate)
        result[kind] = {"rate_of_one": rate / one[1], "cpu_of_one": cpu / one[0], "peak_mb": max(r["peak_mb"] for r in runs)}
        print(f"{kind:24} {rate / 1e6:5.2f} M records/s, {rate / one[1]:4.2f} of one view's rate; "
              f"CPU {cpu / one[0]:4.2f} x; peak {result[kind]['peak_mb']:.0f} MB")
    for kind, states in MANY_KEYS.items():
        view = f"CREATE MATERIALIZED VIEW keyed AS SELECT date_trunc('year', ts) AS year, order_id, {states} FROM orders GROUP BY 1, 2;"
        run = freshet_drain(kafka, "views", count, "0", args.lanes, more=view)
        result[f"{count} keys, {kind}"] = run
        print(f"{count} keys, {kind}: {run['records_per_second'] / 1e6:.2f} M records/s, peak {run['peak_mb']:.0f} MB, "
              f"suspended: {run['suspended'] or 'none'}")
    return result


def percentile(samples, fraction):
    """Of (value, weight) pairs."""
    samples = sorted(samples)
    goal = fraction * sum(weight for _, weight in samples)
    seen = 0
    for value, weight in samples:
        seen += weight
        if seen >= goal:
            return value
    return samples[-1][0]


def measure_latency(kafka, args, rate, retention):
    """Events carry the wall clock; a client asks for the newest visible event. An event's latency is the time of the first
    answer that covers it minus its own time; between two answers events are evenly spread."""
    topic = f"live{rate}-{'rows' if retention != '0' else 'view'}"
    kafka.topic(topic)
    server = Freshet(kafka, topic, retention, args.lanes)
    try:
        seconds = args.seconds
        producer = subprocess.Popen([BUILD / "bench_produce", kafka.broker, topic, str(rate * seconds), f"live_rate={rate}"],
                                    stdout=subprocess.PIPE, text=True)
        before = server.usage()["cpu_seconds"]
        begun, samples, last = time.time(), [], None
        while producer.poll() is None and time.time() - begun < seconds + 30:
            newest = server.query("SELECT extract(epoch FROM max(newest)) FROM orders_per_minute")[0][0]
            now = time.time()
            newest = float(newest) if newest is not None else None
            if newest is not None and last is not None and newest > last and now - begun > 3:
                for i in range(10):
                    samples.append((now - (last + (newest - last) * (i + 0.5) / 10), newest - last))
            if newest is not None:
                last = max(newest, last or 0)
            time.sleep(0.004)
        usage = server.usage()
        result = {"rate": rate, "retention": retention, "seconds": seconds, "p50_ms": percentile(samples, 0.5) * 1e3, "p99_ms": percentile(samples, 0.99) * 1e3,
                  "max_ms": max(v for v, _ in samples) * 1e3, "cpu_share_of_one_core": (usage["cpu_seconds"] - before) / seconds,
                  "peak_mb": usage["peak_mb"], "produced": producer.stdout.read().strip()}
        kept = "all columns kept" if retention != "0" else "no raw rows"
        print(f"{rate:7} records/s, {kept:16}: visible after p50 {result['p50_ms']:.0f} ms, p99 {result['p99_ms']:.0f} ms, max {result['max_ms']:.0f} ms; "
              f"cpu {result['cpu_share_of_one_core'] * 100:.0f} % of one core; peak {usage['peak_mb']:.0f} MB")
        return result
    finally:
        server.stop()


PREAMBLE = ["BEGIN", "SELECT t.oid, typarray FROM pg_type t JOIN pg_namespace ns ON typnamespace = ns.oid WHERE typname = 'hstore'",
            "ROLLBACK", "BEGIN", "select pg_catalog.version()", "select current_schema()", "show transaction isolation level",
            "show standard_conforming_strings", "ROLLBACK", "BEGIN", 'set search_path = "public"']


def measure_connect(kafka, args):
    """What Superset does for every chart: connect, its preamble, one small query over a view."""
    kafka.topic("connect")
    produce(kafka, "connect", 100_000)
    server = Freshet(kafka, "connect", "0", args.lanes)
    try:
        while server.query("SELECT coalesce(sum(orders), 0) FROM orders_per_minute")[0][0] < 100_000:
            time.sleep(0.05)
        times = []
        for _ in range(300):
            begun = time.perf_counter()
            connection = server.connect()
            connection.autocommit = True
            with connection.cursor() as cursor:
                for statement in PREAMBLE:
                    cursor.execute(statement)
                cursor.execute("SELECT DATE_TRUNC('MINUTE', window_start) AS t, SUM(orders) FROM public.orders_per_minute "
                               "GROUP BY DATE_TRUNC('MINUTE', window_start) ORDER BY t LIMIT 10000")
                cursor.fetchall()
                cursor.execute("ROLLBACK")
            connection.close()
            times.append((time.perf_counter() - begun) * 1e3)
        result = {"p50_ms": percentile([(t, 1) for t in times], 0.5), "p99_ms": percentile([(t, 1) for t in times], 0.99)}
        print(f"connect + preamble of 11 statements + view query: p50 {result['p50_ms']:.1f} ms, p99 {result['p99_ms']:.1f} ms")
        return result
    finally:
        server.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", nargs="?", default="all", choices=["all", "drain", "views", "latency", "connect"])
    parser.add_argument("--records", type=int, default=5_000_000)
    parser.add_argument("--rounds", type=int, default=3, help="alternating rounds of the drain")
    parser.add_argument("--seconds", type=int, default=20, help="of each latency measurement")
    parser.add_argument("--lanes", type=int, default=0)
    args = parser.parse_args()
    folder = ROOT / "build" / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    memory = int(re.search(r"MemTotal:\s+(\d+)", pathlib.Path("/proc/meminfo").read_text()).group(1)) // 1024 // 1024
    print(f"machine: {os.cpu_count()} cores, {memory} GiB")
    kafka = Kafka(folder / "kafka")
    results = {"cores": os.cpu_count(), "memory_gib": memory}
    try:
        if args.what in ("all", "drain"):
            results["drain"] = measure_drain(kafka, args)
        if args.what in ("all", "views"):
            results["views"] = measure_views(kafka, args)
        if args.what in ("all", "latency"):
            results["latency"] = [measure_latency(kafka, args, rate, retention) for rate in (20_000, 100_000) for retention in ("1 hour", "0")]
        if args.what in ("all", "connect"):
            results["connect"] = measure_connect(kafka, args)
    finally:
        kafka.stop()
        shutil.rmtree(folder / "kafka", ignore_errors=True)
    (folder / "results.json").write_text(json.dumps(results, indent=1))
    print("written:", folder / "results.json")


if __name__ == "__main__":
    main()
