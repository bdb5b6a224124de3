#!/usr/bin/env python3
"""Tests of the sums that `make test` ends with: no failure, crash or missing report may be counted as nothing."""

import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import run_tests  # noqa: E402

REPORT = """<testsuites><testsuite>
<testcase classname="A" name="passes" status="run" result="completed"/>
<testcase classname="A" name="fails"><failure message="x"/></testcase>
<testcase classname="A" name="breaks"><error message="x"/></testcase>
<testcase classname="A" name="is skipped" result="skipped"><skipped/></testcase>
<testcase classname="A" name="was not run" status="notrun"/>
</testsuite></testsuites>"""


class Sums(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.path = pathlib.Path(self.folder.name)
        self.addCleanup(self.folder.cleanup)

    def report(self, text, name="base_test.xml"):
        (self.path / name).write_text(text)

    def test_each_outcome_is_counted_as_what_it_is(self):
        self.report(REPORT)
        counts = run_tests.junit_counts(self.path / "base_test.xml", "base:")
        self.assertEqual((counts.passed, counts.failed, counts.skipped), (1, 2, 2))
        self.assertEqual(counts.failures, ["base:A.fails", "base:A.breaks"])
        self.assertEqual(counts.line(), "1 passed, 2 failed, 2 skipped")

    def test_a_cut_report_is_no_report(self):
        self.report(REPORT[:-20])
        self.assertIsNone(run_tests.junit_counts(self.path / "base_test.xml", ""))
        self.assertIsNone(run_tests.junit_counts(self.path / "absent.xml", ""))

    def test_a_crash_is_a_failure_even_when_every_test_passed(self):
        self.report(REPORT.replace('<failure message="x"/>', "").replace('<error message="x"/>', ""))
        self.assertEqual(run_tests.room_counts("base", 0, self.path).failed, 0)
        self.assertEqual(run_tests.room_counts("base", -11, self.path).failed, 1)
        self.assertEqual(run_tests.room_counts("absent", -11, self.path).failed, 1)

    def test_a_room_that_ends_well_without_a_report_is_a_failure(self):
        self.assertEqual(run_tests.room_counts("absent", 0, self.path).failed, 1)

    def test_a_command_that_runs_too_long_is_ended_with_its_children(self):
        code = run_tests.run(["bash", "-c", "sleep 100 & sleep 100"], self.path / "log", 0.3)
        self.assertEqual(code, 124)
        self.assertIn("ended", (self.path / "log").read_text())


if __name__ == "__main__":
    unittest.main()
