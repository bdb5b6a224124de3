#!/usr/bin/env python3
"""Runs the scripts of test/slt, every one in every mode against the same golden.

    test/slt/run.py [PATTERN ...] [--mode plain,crash] [--seed N] [--seconds N] ...

Without --kafka (or $FRESHET_TEST_KAFKA) a broker is started for the run. Needs the python of test/requirements.txt.
"""

import argparse
import os
import pathlib
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from concurrent.futures import ThreadPoolExecutor

FOLDER = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER.parent))

from harness.broker import Broker  # noqa: E402
from slt.modes import MODES, SERVER_MODES  # noqa: E402
from slt.runner import Options, run_script  # noqa: E402
from slt.script import ScriptError, files, load  # noqa: E402


def scratch_directory():
    """Data directories live in memory where there is room: a kill -9 does not need a disk, and fsync is then cheap."""
    shared = pathlib.Path("/dev/shm")
    if shared.is_dir():
        room = os.statvfs(shared)
        if room.f_bavail * room.f_frsize > 2 << 30:
            return pathlib.Path(tempfile.mkdtemp(prefix="freshet-slt-", dir=shared))
    return pathlib.Path(tempfile.mkdtemp(prefix="freshet-slt-"))


def write_junit(path, results):
    suite = ElementTree.Element("testsuite", name="slt", tests=str(len(results)),
                                failures=str(sum(1 for result in results if result.failure)))
    for result in results:
        case = ElementTree.SubElement(suite, "testcase", classname=f"slt.{result.mode}", name=result.script,
                                      time=f"{result.seconds:.3f}")
        if result.failure:
            ElementTree.SubElement(case, "failure", message=result.failure.splitlines()[1][:200]).text = result.failure
    ElementTree.ElementTree(suite).write(path, encoding="utf-8", xml_declaration=True)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("patterns", nargs="*", help="files, or parts of their names; default: all")
    parser.add_argument("--mode", default=",".join(SERVER_MODES), help=f"comma-separated: {' '.join(MODES)}")
    parser.add_argument("--seed", type=int, default=1, help="of orders, partitions and moments of interruption")
    parser.add_argument("--seconds", type=int, default=0, help="torture: seed after seed for so long, every step interrupted")
    parser.add_argument("--kafka", default="", help="a broker that runs already, host:port")
    parser.add_argument("--postgres", default="127.0.0.1:5432", help="PostgreSQL 15 for --mode postgres, host:port")
    parser.add_argument("--write", action="store_true", help="with --mode postgres: fill in goldens that are empty")
    parser.add_argument("--jobs", type=int, default=4, help="runs at a time; most of a run is waiting")
    parser.add_argument("--keep", action="store_true", help="keep directories and topics of runs that passed too")
    parser.add_argument("--junit", default="", help="write the results there")
    arguments = parser.parse_args()
    arguments.mode = arguments.mode.split(",")
    if unknown := [name for name in arguments.mode if name not in MODES]:
        parser.error(f"no mode {unknown[0]!r}; there are: {' '.join(MODES)}")
    return arguments


def round_of(scripts, arguments, options):
    results = []
    with ThreadPoolExecutor(arguments.jobs) as pool:
        futures = [pool.submit(run_script, script, mode, options) for script in scripts for mode in arguments.mode]
        for future in futures:
            result = future.result()
            results.append(result)
            print(f"{'FAIL' if result.failure else 'ok  '} {result.script} {result.mode} {result.seconds:.1f} s", flush=True)
            if result.failure:
                print("    " + result.failure.replace("\n", "\n    "), flush=True)
    return results


def main():
    arguments = parse_arguments()
    if arguments.kafka:
        os.environ["FRESHET_TEST_KAFKA"] = arguments.kafka
    try:
        scripts = [load(path) for path in files(arguments.patterns)]
    except ScriptError as error:
        print(error, file=sys.stderr)
        return 2
    began, results, seed = time.monotonic(), [], arguments.seed
    directory = scratch_directory()
    with Broker(directory / "kafka") as broker:
        while True:
            options = Options(broker.bootstrap, directory, seed, None if arguments.seconds else 2, arguments.keep,
                              arguments.postgres, arguments.write)
            results += round_of(scripts, arguments, options)
            if time.monotonic() - began >= arguments.seconds:
                break
            seed += 1
    if arguments.junit:
        write_junit(arguments.junit, results)
    failed = [result for result in results if result.failure]
    for result in failed:
        print(f"FAILED {result.repeat_command()}")
    print(f"{len(scripts)} scripts, {len(arguments.mode)} modes, seeds {arguments.seed} to {seed}, "
          f"{time.monotonic() - began:.0f} s")
    print(f"{len(results) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed or not results else 0


if __name__ == "__main__":
    sys.exit(main())
