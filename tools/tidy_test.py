#!/usr/bin/env python3
"""Tests of the house rules: each plants one violation in a small tree and expects exactly its finding."""

import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import cpp_functions  # noqa: E402
import tidy_rules  # noqa: E402

SOUND = {
    "src/README.md": "| room | job | level |\n|---|---|---|\n| `base` | x | 0 |\n| `store` | x | 3 |\n| `view` | x | 3 |\n",
    "src/base/README.md": "# base\n",
    "src/base/status.h": "#pragma once\n// What failed. Threads: values.\n",
    "src/store/README.md": "# store\n",
    "src/store/store.h": '#pragma once\n// The store. Threads: any.\n#include "base/status.h"\n#include <duckdb.h>\n',
    "src/store/CMakeLists.txt": "freshet_room(store USES base third_party::duckdb)\n",
    "src/view/README.md": "# view\n",
    "src/view/plan.cc": '#include "base/status.h"\nint One() { return 1; }\n',
    "docs/adr/README.md": "# Decisions\n\n[1](0001-first.md)\n",
    "docs/adr/0001-first.md": "# 0001. First\n\n## Status\n\n## Context\n\n## Decision\n\n## Consequences\n",
    "docs/reference/errors.md": "<!-- Made by src/base/status_test.cc; make docs -->\n# Errors\n",
    "src/base/status_test.cc": '// writes errors.md\n',
    "docs/guide.md": "# Guide\n\n## First steps\n\n[up](adr/README.md) [here](#first-steps)\n",
}


class Tidy(unittest.TestCase):
    def findings(self, changes, executable=()):
        with tempfile.TemporaryDirectory() as folder:
            files = {path: text for path, text in {**SOUND, **changes}.items() if text is not None}
            for path, text in files.items():
                where = pathlib.Path(folder) / path
                where.parent.mkdir(parents=True, exist_ok=True)
                where.write_text(text)
                if path in executable:
                    where.chmod(0o755)
            return tidy_rules.check(tidy_rules.Tree(folder, list(files)))

    def expect(self, rule, path, changes, **more):
        findings = self.findings(changes, **more)
        self.assertEqual([(finding.rule, finding.path) for finding in findings], [(rule, path)],
                         "\n".join(str(finding) for finding in findings))

    def test_a_sound_tree_has_no_finding(self):
        self.assertEqual(self.findings({}), [])

    def test_include_of_a_room_on_the_same_level(self):
        self.expect("layering", "src/view/plan.cc", {"src/view/plan.cc": '#include "store/store.h"\n'})

    def test_include_of_a_higher_room(self):
        self.expect("layering", "src/base/status.cc", {"src/base/status.cc": '#include "view/plan.h"\n'})

    def test_include_of_no_room(self):
        self.expect("layering", "src/view/plan.cc", {"src/view/plan.cc": '#include "model/types.h"\n'})

    def test_link_of_a_room_on_the_same_level(self):
        self.expect("layering", "src/store/CMakeLists.txt", {"src/store/CMakeLists.txt": "freshet_room(store USES view)\n"})

    def test_foreign_library_through_another_door(self):
        for header in ["duckdb.h", "librdkafka/rdkafka.h", "simdjson.h", "pg_query.h", "boost/asio/ip/tcp.hpp",
                       "boost/beast.hpp", "spdlog/spdlog.h", "openssl/evp.h"]:
            self.expect("doors", "src/view/plan.cc", {"src/view/plan.cc": f"#include <{header}>\n"})

    def test_room_that_is_not_listed(self):
        self.expect("rooms", "src/README.md", {"src/sink/README.md": "# sink\n"})

    def test_listed_room_without_folder(self):
        self.expect("rooms", "src/README.md", {"src/README.md": SOUND["src/README.md"] + "| `sink` | x | 3 |\n"})

    def test_room_without_readme(self):
        self.expect("rooms", "src/view/README.md", {"src/view/README.md": None})

    def test_readme_longer_than_a_page(self):
        self.expect("rooms", "src/view/README.md", {"src/view/README.md": "x\n" * 90})

    def test_long_function(self):
        body = "  Work();\n" * 70
        self.expect("functions", "src/view/plan.cc", {"src/view/plan.cc": f"void Long() {{\n{body}}}\n"})
        self.expect("functions", "tools/x.py", {"tools/x.py": "def long():\n" + "    work()\n" * 70})

    def test_function_at_the_limit_is_allowed(self):
        body = "  Work();\n" * 68
        self.assertEqual(self.findings({"src/view/plan.cc": f"void Long() {{\n{body}}}\n"}), [])

    def test_long_files(self):
        lines = "int x;\n"
        self.expect("sizes", "src/view/plan.cc", {"src/view/plan.cc": lines * 601})
        self.expect("sizes", "src/view/plan_test.cc", {"src/view/plan_test.cc": lines * 801})
        self.expect("sizes", "src/view/plan.h", {"src/view/plan.h": "#pragma once\n// Threads: values.\n" + lines * 299})

    def test_long_line(self):
        self.expect("columns", "src/view/plan.cc", {"src/view/plan.cc": "int " + "x" * 200 + ";\n"})

    def test_vague_names(self):
        for path in ["src/view/string_utils.cc", "src/view/helpers.cc", "test/common/x.sql"]:
            self.expect("names", path, {path: "\n"})

    def test_file_name_that_is_not_snake_case(self):
        self.expect("names", "src/view/RowPlan.cc", {"src/view/RowPlan.cc": "\n"})

    def test_header_without_guard_or_comment_or_threads(self):
        self.expect("headers", "src/view/a.h", {"src/view/a.h": "// Threads: any.\n"})
        self.expect("headers", "src/view/a.h", {"src/view/a.h": "#pragma once\n\n// Threads: any.\n"})
        self.expect("headers", "src/view/a.h", {"src/view/a.h": "#pragma once\n// A plan.\nclass A {};\n"})

    def test_throw_and_foreign_clocks(self):
        self.expect("throwing", "src/view/plan.cc", {"src/view/plan.cc": "void F() { throw 1; }\n"})
        self.expect("throwing", "src/view/plan.cc",
                    {"src/view/plan.cc": "auto F() { return std::chrono::steady_clock::now(); }\n"})
        self.assertEqual(self.findings({"src/view/plan.cc": '// never throw\nauto text = "throw";\n'}), [])

    def test_leftovers(self):
        for line in ["// TO" "DO: later", "// FIX" "ME", "TEST(A, DIS" "ABLED_b) {}", "#if" " 0"]:
            self.expect("leftovers", "src/view/plan.cc", {"src/view/plan.cc": line + "\n"})

    def test_registry_hosts(self):
        for host in tidy_rules.HOSTS:
            self.expect("hosts", "docs/guide.md", {"docs/guide.md": f"see https://{host}/x\n"})

    def test_foreign_words_and_outside_paths(self):
        for word in tidy_rules.FOREIGN_WORDS:
            self.expect("words", "docs/guide.md", {"docs/guide.md": f"by {word} .\n"})
        for path in tidy_rules.OUTSIDE_PATHS:
            self.expect("words", "docs/guide.md", {"docs/guide.md": f"in {path}x.md\n"})

    def test_decisions(self):
        first = SOUND["docs/adr/0001-first.md"]
        third = first.replace("0001. First", "0003. Third")
        index = SOUND["docs/adr/README.md"]
        self.expect("decisions", "docs/adr/0003-third.md",
                    {"docs/adr/0003-third.md": third, "docs/adr/README.md": index + "[3](0003-third.md)\n"})
        self.expect("decisions", "docs/adr/0001-first.md", {"docs/adr/0001-first.md": first.replace("## Context\n", "")})
        self.expect("decisions", "docs/adr/0001-first.md", {"docs/adr/0001-first.md": first.replace("0001.", "0002.")})
        self.expect("decisions", "docs/adr/README.md", {"docs/adr/README.md": "# Decisions\n"})

    def test_dead_links(self):
        self.expect("links", "docs/guide.md", {"docs/guide.md": "[x](missing.md)\n"})
        self.expect("links", "docs/guide.md", {"docs/guide.md": "# A\n\n[x](#b)\n"})

    def test_reference_pages(self):
        self.expect("reference", "docs/reference/errors.md", {"docs/reference/errors.md": "# Errors\n"})
        self.expect("reference", "docs/reference/errors.md", {"src/base/status_test.cc": None})
        self.expect("reference", "docs/reference/errors.md", {"src/base/status_test.cc": "// nothing\n"})

    def test_scripts(self):
        script = "#!/usr/bin/env bash\nset -euo pipefail\n"
        self.expect("scripts", "tools/x.sh", {"tools/x.sh": script})
        self.expect("scripts", "tools/x.sh", {"tools/x.sh": "#!/usr/bin/env bash\n"}, executable=["tools/x.sh"])

    def test_ratchet_allows_what_it_says_and_no_more(self):
        long = {"src/view/plan.cc": "int x;\n" * 610}
        self.assertEqual(self.findings({**long, "tools/tidy_ratchet.txt": "sizes src/view/plan.cc 610\n"}), [])
        self.expect("sizes", "src/view/plan.cc", {**long, "tools/tidy_ratchet.txt": "sizes src/view/plan.cc 609\n"})

    def test_ratchet_only_shrinks(self):
        ratchet = "tools/tidy_ratchet.txt"
        self.expect("ratchet", ratchet, {"src/view/plan.cc": "int x;\n" * 610, ratchet: "sizes src/view/plan.cc 611\n"})
        self.expect("ratchet", ratchet, {ratchet: "sizes src/view/plan.cc 610\n"})


class Functions(unittest.TestCase):
    def names(self, text):
        return [(function.name, function.lines) for function in cpp_functions.functions(text)]

    def test_free_functions_methods_and_tests(self):
        text = """
namespace a {
struct S {
  int Get() const { return x_; }
  int x_ = 0;
};
Result<std::map<int, int>> S::Make(const std::vector<int>& v,
                                   int n) {
  if (n) { return {}; }
  auto f = [&](int i) { return i; };
  return f(n);
}
S::S(int x) : x_(x), map_{} {}
TEST(Suite, Name) {
  EXPECT_EQ("}", "{");
}
}  // namespace a
"""
        self.assertEqual(self.names(text), [("Get", 1), ("S::Make", 6), ("S::S", 1), ("TEST(Suite, Name)", 3)])

    def test_initializers_and_types_are_no_functions(self):
        self.assertEqual(self.names("const int kTable[] = {1, 2};\nenum class E { kA };\nstd::string s{\"(\"};\n"), [])


if __name__ == "__main__":
    unittest.main()
