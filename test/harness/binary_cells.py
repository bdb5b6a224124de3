"""PostgreSQL's binary results as the text that the same value has. Written from the documented formats and on purpose
not with a driver's own loaders: it is a second opinion on what the server encodes.

Errors: ValueError for a value that does not have its type's form.
"""

import datetime
import struct
import uuid
import zoneinfo

EPOCH = datetime.datetime(2000, 1, 1)
INFINITY = {2**63 - 1: "infinity", -(2**63): "-infinity"}
DAY_INFINITY = {2**31 - 1: "infinity", -(2**31): "-infinity"}
TEXTS = {18, 19, 25, 114, 705, 1042, 1043, 2275}
INTEGERS = {20: ">q", 21: ">h", 23: ">i", 26: ">I"}
# oid of an array -> its elements are decoded by the oid inside it; only the array's own oid must be known.
ARRAYS = {199, 1000, 1001, 1002, 1003, 1005, 1007, 1009, 1014, 1015, 1016, 1021, 1022, 1028, 1115, 1182, 1185, 1231, 2951,
          3807}


def _one(form, value):
    if len(value) != struct.calcsize(form):
        raise ValueError(f"{len(value)} bytes where {struct.calcsize(form)} belong")
    return struct.unpack(form, value)[0]


def _float(number, form):
    """The shortest digits that read back as the same number of that width."""
    if number != number:
        return "NaN"
    if number in (float("inf"), float("-inf")):
        return "Infinity" if number > 0 else "-Infinity"
    for digits in range(6, 18):
        text = f"{number:.{digits}g}"
        if struct.pack(form, float(text)) == struct.pack(form, number):
            break
    return text


def _numeric(value):
    digits, weight, sign, scale = struct.unpack(">hhHH", value[:8])
    if sign == 0xC000:
        return "NaN"
    if sign in (0xD000, 0xF000):
        return "Infinity" if sign == 0xD000 else "-Infinity"
    groups = struct.unpack(f">{digits}h", value[8:])
    if any(not 0 <= group <= 9999 for group in groups):
        raise ValueError(f"numeric digits {groups}")
    whole = "".join(f"{groups[i] if i < digits else 0:04}" for i in range(weight + 1)) if weight >= 0 else ""
    fraction = "0000" * max(0, -weight - 1) + "".join(f"{group:04}" for group in groups[max(0, weight + 1):])
    text = (whole.lstrip("0") or "0") + (("." + fraction[:scale].ljust(scale, "0")) if scale else "")
    return ("-" if sign == 0x4000 else "") + text


def _timestamp(value, zone=None):
    microseconds = _one(">q", value)
    if microseconds in INFINITY:
        return INFINITY[microseconds]
    time = EPOCH + datetime.timedelta(microseconds=microseconds)
    if zone is None:
        return _time_text(time)
    local = time.replace(tzinfo=datetime.timezone.utc).astimezone(zoneinfo.ZoneInfo(zone))
    minutes = int(local.utcoffset().total_seconds()) // 60
    sign, minutes = ("-" if minutes < 0 else "+"), abs(minutes)
    offset = f"{sign}{minutes // 60:02}" + (f":{minutes % 60:02}" if minutes % 60 else "")
    return _time_text(local) + offset


def _time_text(time):
    text = time.strftime("%H:%M:%S")
    if time.microsecond:
        text += f".{time.microsecond:06}".rstrip("0")
    return f"{time.year:04}-{time.month:02}-{time.day:02} {text}"


def _date(value):
    days = _one(">i", value)
    if days in DAY_INFINITY:
        return DAY_INFINITY[days]
    return (EPOCH + datetime.timedelta(days=days)).date().isoformat()


def _clock(microseconds):
    sign, microseconds = ("-" if microseconds < 0 else ""), abs(microseconds)
    seconds, rest = divmod(microseconds, 1_000_000)
    text = f"{sign}{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return text + (f".{rest:06}".rstrip("0") if rest else "")


def _interval(value):
    microseconds, days, months = struct.unpack(">qii", value)
    sign, count = (-1 if months < 0 else 1), abs(months)
    years, months = sign * (count // 12), sign * (count % 12)
    parts = [f"{n} {unit}{'' if n == 1 else 's'}" for n, unit in ((years, "year"), (months, "mon"), (days, "day")) if n]
    if microseconds or not parts:
        parts.append(_clock(microseconds))
    return " ".join(parts)


def _array(value, zone):
    dimensions, _, element = struct.unpack(">iiI", value[:12])
    if dimensions == 0:
        return "{}"
    if dimensions != 1:
        raise ValueError(f"{dimensions} dimensions")
    count, at, items = struct.unpack(">i", value[12:16])[0], 20, []
    for _ in range(count):
        length = struct.unpack(">i", value[at:at + 4])[0]
        at += 4
        if length < 0:
            items.append("NULL")
            continue
        items.append(_quoted(decode(element, value[at:at + length], zone)))
        at += length
    return "{" + ",".join(items) + "}"


def _quoted(text):
    special = text == "" or text.upper() == "NULL" or any(c in '{}",\\' or c.isspace() for c in text)
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"' if special else text


def decode(oid, value, zone="UTC"):
    """One binary value of type `oid` -> text."""
    if oid in TEXTS:
        return value.decode()
    if oid in INTEGERS:
        return str(_one(INTEGERS[oid], value))
    if oid in ARRAYS:
        return _array(value, zone)
    others = {16: lambda v: "t" if _one(">?", v) else "f", 17: lambda v: "\\x" + v.hex(),
              700: lambda v: _float(_one(">f", v), ">f"), 701: lambda v: _float(_one(">d", v), ">d"), 1700: _numeric,
              1082: _date, 1083: lambda v: _clock(_one(">q", v)), 1114: _timestamp,
              1184: lambda v: _timestamp(v, zone), 1186: _interval, 2950: lambda v: str(uuid.UUID(bytes=v)),
              3802: lambda v: v[1:].decode() if v[:1] == b"\1" else _fail(v)}
    if oid not in others:
        raise ValueError(f"type {oid} came in binary, which is not known here")
    return others[oid](value)


def _fail(value):
    raise ValueError(f"jsonb version {value[:1]!r}")
