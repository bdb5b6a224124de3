"""The modes in which every script runs against the same golden."""

import random
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Mode:
    """`partitions` of each topic; `settings` of the server; how the script's steps are disturbed."""

    name: str
    partitions: int = 1
    settings: dict = field(default_factory=dict)
    shuffle: bool = False            # records of one ingest block in another order, on any partition
    interruption: str = ""           # "restart" (SIGTERM) or "crash" (SIGKILL) between steps
    extended: bool = False           # extended protocol, binary results
    oracle: bool = False             # PostgreSQL instead of Freshet


MODES = {mode.name: mode for mode in (
    Mode("plain"),
    Mode("single", settings={"max_batch_rows": 1, "linger": "0ms"}),
    Mode("shuffled", partitions=3, shuffle=True),
    Mode("lanes", partitions=8, settings={"lanes": 4}),
    Mode("restart", partitions=2, interruption="restart"),
    Mode("crash", partitions=2, interruption="crash"),
    Mode("extended", extended=True),
    Mode("postgres", oracle=True),
)}
SERVER_MODES = [name for name, mode in MODES.items() if not mode.oracle]


def deal(records, mode, dice):
    """-> [(record, partition)] in the order in which they are produced"""
    records = list(records)
    if mode.shuffle:
        dice.shuffle(records)
    dealt = []
    for number, record in enumerate(records):
        partition = dice.randrange(mode.partitions) if mode.shuffle else number % mode.partitions
        if record.partition is not None:
            partition = record.partition % mode.partitions
        dealt.append((record, partition))
    return dealt


def interruption_points(steps, mode, dice, limit):
    """Before which steps the server is ended: at most `limit` of those where something may be lost (None = all)."""
    if not mode.interruption:
        return set()
    candidates = [index for index in range(1, len(steps)) if not (steps[index].in_session and steps[index - 1].in_session)]
    telling = [index for index in candidates if steps[index - 1].kind in ("ingest", "file", "statement", "settle", "watermark")]
    if limit is None or len(telling) <= limit:
        return set(telling)
    return set(dice.sample(telling, limit))


def dice_for(seed, script_name, mode_name):
    return random.Random(f"{seed}/{script_name}/{mode_name}")
