"""Starting, refusing to start, and stopping: what the command line and the data directory promise."""

import os
import socket
import stat
import subprocess
import time

import duckdb
import psycopg
import pytest

from harness.freshet_process import ServerFailed
from system.server import run_program

SOURCE = ("CREATE SOURCE IF NOT EXISTS orders (id BIGINT, at TIMESTAMPTZ, WATERMARK FOR at AS at - INTERVAL '5' SECOND) "
          "WITH (connector = 'kafka', topic = 'none', properties.bootstrap.server = '127.0.0.1:1') "
          "FORMAT PLAIN ENCODE JSON;\n")


def failure(server):
    """Starts a server that must not start -> what it said"""
    began = time.monotonic()
    with pytest.raises(ServerFailed):
        server.start()
    assert time.monotonic() - began < 20
    assert not server.running()
    server.kill()
    return server.log.read_text()


def test_the_program_tells_its_version_and_parts():
    said = run_program("--version")
    assert said.returncode == 0
    for part in ["freshet 0.", "DuckDB v1.5.5", "librdkafka 2.15.1", "libpg_query", "OpenSSL 3"]:
        assert part.lower() in said.stdout.lower(), said.stdout


def test_help_names_the_commands_and_settings():
    assert all(word in run_program("--help").stdout for word in ["run", "check", "psql"])
    assert all(word in run_program("run", "--help").stdout for word in ["--data-dir", "--listen", "--http", "--config"])


def test_an_unknown_command_or_option_is_an_error():
    for arguments in [["rum"], ["run", "--data-dirr", "x"], []]:
        said = run_program(*arguments)
        assert said.returncode != 0
        assert said.stderr + said.stdout


def test_a_busy_port_is_named(servers):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        said = failure(servers({"listen": f"127.0.0.1:{port}"}))
        assert f"127.0.0.1:{port}" in said and "in use" in said
        said = failure(servers({"http": f"127.0.0.1:{port}"}))
        assert f"127.0.0.1:{port}" in said and "in use" in said


def test_a_second_server_on_the_same_directory_is_refused(servers):
    first = servers()
    first.start()
    second = run_program("run", "--data-dir", first.data_dir, "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0")
    assert second.returncode != 0
    assert str(first.data_dir) in second.stderr
    assert first.value("SELECT 1") == 1


def test_listening_beyond_loopback_needs_tls(servers):
    said = failure(servers({"listen": "0.0.0.0:0"}))
    assert "TLS" in said


def test_tls_is_spoken_with_a_certificate_and_then_listening_beyond_loopback_is_allowed(servers, tmp_path):
    certificate, key = tmp_path / "server.crt", tmp_path / "server.key"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                    "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", certificate],
                   check=True, capture_output=True)
    server = servers({"tls_certificate": certificate, "tls_key": key, "listen": "0.0.0.0:0"})
    server.start()
    _, port = server.address()
    with server.connect(host="127.0.0.1", port=port, sslmode="verify-full", sslrootcert=str(certificate)) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
        assert connection.info.pgconn.ssl_in_use
    with pytest.raises(psycopg.OperationalError, match="must use TLS"):
        server.connect(host="127.0.0.1", port=port, sslmode="disable")


def test_unknown_and_wrong_settings_are_named(servers, tmp_path):
    config = tmp_path / "freshet.toml"
    config.write_text('memory_limt = "1GB"\n')
    said = failure(servers({"config": config}))
    assert "memory_limt" in said and "memory_limit" in said and str(config) in said
    config.write_text('memory_limit = "much"\n')
    said = failure(servers({"config": config}))
    assert "much" in said and "memory_limit" in said
    config.write_text("memory_limit = \n")
    assert "line 1" in failure(servers({"config": config}))


def test_settings_of_the_file_lose_against_the_environment_and_the_command_line(servers, tmp_path):
    config = tmp_path / "freshet.toml"
    config.write_text('linger = "10ms"\nmax_connections = 11\nmax_running_queries = 3\n')
    server = servers({"config": config, "max_running_queries": 5})
    server.start(environment={"FRESHET_MAX_CONNECTIONS": "22", "FRESHET_MAX_RUNNING_QUERIES": "4"})
    found = dict(server.query("SELECT name, value FROM freshet.settings"))
    assert (found["linger"], found["max_connections"], found["max_running_queries"]) == ("10", "22", "5")


def test_the_password_is_private_and_needed_over_tcp(server):
    password = server.data_dir / "admin-password"
    assert stat.S_IMODE(os.stat(password).st_mode) == 0o600
    assert stat.S_IMODE(os.stat(server.data_dir).st_mode) == 0o700
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        server.connect(password="wrong")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        server.connect(user="nobody", password="x")


def test_the_systems_user_is_the_administrator_on_the_socket(server):
    _, port = server.address()
    with psycopg.connect(host=str(server.data_dir), port=port, user="freshet", dbname="freshet") as connection:
        assert connection.execute("SELECT current_user").fetchone() == ("freshet",)


def test_freshet_psql_signs_in_by_itself(server):
    said = run_program("psql", "--data-dir", server.data_dir, "--", "-X", "-At", "-c", "SELECT current_user")
    assert (said.returncode, said.stdout, said.stderr) == (0, "freshet\n", "")


def test_a_stop_is_clean_and_the_store_is_sound(servers):
    server = servers()
    server.start()
    server.run("CREATE ROLE reader LOGIN PASSWORD 'secret'")
    server.stop()
    said = run_program("check", "--data-dir", server.data_dir)
    assert said.returncode == 0, said.stdout + said.stderr
    assert "sound" in said.stdout
    server.start()
    with server.connect(user="reader", password="secret") as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    assert run_program("check", "--data-dir", server.data_dir).returncode != 0  # a server runs


def test_a_store_of_a_newer_format_is_refused(servers):
    server = servers()
    server.start()
    server.stop()
    with duckdb.connect(str(server.data_dir / "freshet.duckdb")) as store:
        store.execute("UPDATE freshet_meta SET value = '999' WHERE key LIKE '%format%'")
        assert store.execute("SELECT count(*) FROM freshet_meta WHERE value = '999'").fetchone() == (1,)
    said = failure(server)
    assert "999" in said and "newer" in said


def test_health_ready_and_metrics_answer(server):
    assert server.http("/healthz").status_code == 200
    ready = server.http("/readyz")
    assert (ready.status_code, ready.text.splitlines()[0]) == (200, "ready")
    metrics = server.http("/metrics")
    assert metrics.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    assert "freshet_store_file_bytes" in metrics.text
    assert server.http("/nothing").status_code == 404


def test_a_pipeline_file_is_applied_once_and_survives(servers, tmp_path):
    pipeline = tmp_path / "pipeline.sql"
    pipeline.write_text(SOURCE + "CREATE MATERIALIZED VIEW IF NOT EXISTS per_minute AS SELECT window_start, count(*) AS n "
                                 "FROM TUMBLE(orders, at, INTERVAL '1' MINUTE) GROUP BY window_start;\n")
    server = servers(pipeline=[pipeline])
    server.start()
    assert server.query("SELECT name FROM freshet.views") == [("per_minute",)]
    server.stop()
    server.start()
    assert server.query("SELECT name FROM freshet.views") == [("per_minute",)]
    server.pipeline = []
    server.kill()
    server.start()
    assert server.query("SELECT name FROM freshet.sources") == [("orders",)]


@pytest.mark.parametrize("statement, words", [
    ("CREATE SOURCE s (a DECIMALL(12,2)) WITH (connector = 'kafka') FORMAT PLAIN ENCODE JSON;", ["decimall"]),
    ("CREATE MATERIALIZED VIEW v AS SELECT count(*) FROM missing;", ["missing", "does not exist"]),
    ("CREATE MATERIALIZED VIEW v AS SELECT cuont(*) FROM orders;", ["cuont"]),
    ("SELEC 1;", ["syntax error", "SELEC"]),
])
def test_a_wrong_pipeline_file_names_its_place_and_changes_nothing(servers, tmp_path, statement, words):
    good, bad = tmp_path / "good.sql", tmp_path / "bad.sql"
    good.write_text(SOURCE)
    bad.write_text("-- a comment\nCREATE ROLE other;\n\n" + statement + "\n")
    server = servers(pipeline=[good])
    server.start()
    server.stop()
    server.pipeline = [bad]
    said = failure(server)
    for word in [str(bad), "4", *words]:
        assert word in said, f"{word!r} is not in\n{said}"
    server.pipeline = []
    server.start()
    assert server.query("SELECT name FROM freshet.sources") == [("orders",)]
    with pytest.raises(psycopg.OperationalError):
        server.connect(user="other", password="x")


def test_a_missing_pipeline_file_is_named(servers, tmp_path):
    assert "absent.sql" in failure(servers(pipeline=[tmp_path / "absent.sql"]))
