"""A connection that shows what the server really sent: text results as their bytes, binary results decoded here.

The simple protocol sends the text as it is; the extended one parses, binds and asks for binary results. Both give the
same cells (PostgreSQL's text form), so that one golden serves both.

Threads: one owner. Errors: WireLost when the connection breaks; SQL errors are answers, not exceptions.
"""

from dataclasses import dataclass, field

from psycopg import OperationalError, pq

from harness.binary_cells import decode

CONNECT_SECONDS = 10
FIELDS = {"SQLSTATE": pq.DiagnosticField.SQLSTATE, "MESSAGE": pq.DiagnosticField.MESSAGE_PRIMARY,
          "DETAIL": pq.DiagnosticField.MESSAGE_DETAIL, "HINT": pq.DiagnosticField.MESSAGE_HINT,
          "POSITION": pq.DiagnosticField.STATEMENT_POSITION, "SEVERITY": pq.DiagnosticField.SEVERITY_NONLOCALIZED}


class WireLost(Exception):
    """The server is gone or ended the connection."""


@dataclass
class Answer:
    """What one statement brought: rows of text cells (None = NULL), or an error's fields by name."""

    tag: str = ""
    names: list = field(default_factory=list)
    oids: list = field(default_factory=list)
    rows: list = field(default_factory=list)
    error: dict = field(default_factory=dict)

    def error_text(self):
        lines = [f"ERROR {self.error.get('SQLSTATE')}: {self.error.get('MESSAGE')}"]
        lines += [f"{name}: {self.error[name]}" for name in ("DETAIL", "HINT", "POSITION") if self.error.get(name)]
        return "\n".join(lines)


class Wire:
    """One connection. `extended` chooses the protocol and binary results."""

    def __init__(self, address, user="freshet", password="", database="freshet", extended=False):
        host, port = address
        self._extended = extended
        info = {"host": host, "port": port, "user": user, "password": password, "dbname": database,
                "connect_timeout": CONNECT_SECONDS, "application_name": "slt"}
        text = " ".join(f"{name}='{value}'" for name, value in info.items())
        self._connection = pq.PGconn.connect(text.encode())
        if self._connection.status != pq.ConnStatus.OK:
            message = self._connection.error_message.decode(errors="replace").strip()
            self._connection.finish()
            raise WireLost(f"cannot connect as {user}: {message}")

    def run(self, sql, extended=None):
        use_extended = self._extended if extended is None else extended
        try:
            if use_extended:
                result = self._connection.exec_params(sql.encode(), None, result_format=pq.Format.BINARY)
            else:
                result = self._connection.exec_(sql.encode())
        except OperationalError as error:
            raise WireLost(str(error)) from None
        if self._connection.status != pq.ConnStatus.OK and not result.error_field(FIELDS["SQLSTATE"]):
            raise WireLost(self._connection.error_message.decode(errors="replace").strip())
        return self._answer(result, use_extended)

    def close(self):
        self._connection.finish()

    def _answer(self, result, binary):
        status = result.status
        if status in (pq.ExecStatus.FATAL_ERROR, pq.ExecStatus.BAD_RESPONSE):
            fields = {name: result.error_field(code) for name, code in FIELDS.items()}
            error = {name: value.decode() for name, value in fields.items() if value is not None}
            return Answer(error=error or {"SQLSTATE": "?????", "MESSAGE": result.error_message.decode()})
        tag = (result.command_status or b"").decode()
        columns = range(result.nfields)
        names = [result.fname(column).decode() for column in columns]
        oids = [result.ftype(column) for column in columns]
        rows = [[self._cell(result.get_value(row, column), oids[column], binary) for column in columns]
                for row in range(result.ntuples)]
        return Answer(tag, names, oids, rows)

    def _cell(self, value, oid, binary):
        if value is None:
            return None
        if not binary:
            return value.decode()
        zone = (self._connection.parameter_status(b"TimeZone") or b"UTC").decode()
        return decode(oid, value, zone)
