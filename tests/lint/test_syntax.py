from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditrail import discover
from auditrail.lint import documents, values
from auditrail.lint.node import Node, SyntaxProblem
from auditrail.lint.syntax import dockerfile, dotenv, hcl, shell, systemd, toml, yaml
from auditrail.lint.syntax import json as json_syntax

SYNTAXES = discover.modules("auditrail.lint.syntax")


def plain(node: Node) -> Any:
    if node.members is not None:
        return {key: plain(member.node) for key, member in node.members.items()}
    return [plain(item) for item in node.items] if node.items is not None else node.value


def test_yaml_knows_places_documents_anchors_and_merges() -> None:
    text = "base: &base {a: 1, b: no}\nuse:\n  <<: *base\n  b: ${env:X:-10}\n---\n- é: 'x'\n"
    first, second = yaml.parse(text).roots
    assert plain(first) == {"base": {"a": 1, "b": "no"}, "use": {"a": 1, "b": "${env:X:-10}"}}
    member = first.member("use", "b")
    assert member is not None
    assert (member.line, member.column, member.node.column) == (4, 3, 6)
    inherited = first.member("use", "a")
    assert inherited is not None
    assert inherited.line == 1, "a merged key stands where it is written"
    assert plain(second) == [{"é": "x"}]


def test_a_bomb_of_aliases_stays_small() -> None:
    rows = ["a0: &a0 [x, x]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 40)]
    root = yaml.parse("\n".join(rows)).roots[0]
    assert sum(1 for _ in root.walk()) < 200


def test_an_anchor_that_holds_itself_ends() -> None:
    root = yaml.parse("a: &a [1, *a]").roots[0]
    assert sum(1 for _ in root.walk()) == 3


def test_a_duplicate_key_is_told_and_the_last_is_taken() -> None:
    parsed = yaml.parse("a: 1\nb: 2\na: 3\n")
    assert plain(parsed.roots[0]) == {"a": 3, "b": 2}
    assert [remark.line for remark in parsed.remarks] == [3]


def test_templates_are_covered_and_places_hold() -> None:
    text = (
        "{{- if .Values.on }}\nexporters:\n  otlp: {{ toYaml .Values.otlp | nindent 4 }}\n{{- end }}\nservice: {x: 1}\n"
    )
    parsed = yaml.parse(text)
    root = parsed.roots[0]
    otlp = root.at("exporters", "otlp")
    assert otlp is not None
    assert otlp.open
    assert values.text(otlp) is None
    service = root.member("service")
    assert service is not None
    assert service.line == 5
    assert parsed.remarks


@pytest.mark.parametrize("text", ["a: [", "a: b: c", "\tx: 1", "[" * 500, "a: *b", "{{ x\ny: [", "\x00"])
def test_what_is_no_yaml_is_said(text: str) -> None:
    with pytest.raises(SyntaxProblem):
        yaml.parse(text)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4), max_leaves=15,
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(JSON, st.sampled_from([None, 2]))
def test_json_reads_what_the_standard_library_writes(value: Any, indent: int | None) -> None:
    assert plain(json_syntax.parse(json.dumps(value, indent=indent)).roots[0]) == value
    assert plain(json_syntax.parse(json.dumps(value, indent=indent, ensure_ascii=False)).roots[0]) == value


def test_json_knows_places_comments_and_a_last_comma() -> None:
    root = json_syntax.parse('{ // why\n  "a": [1, {"b": true},],\n}').roots[0]
    assert plain(root) == {"a": [1, {"b": True}]}
    member = root.member("a")
    assert member is not None
    assert (member.line, member.column) == (2, 3)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(SYNTAXES)), st.text(alphabet="ab{}[]()\"'=:#-\\\n\t ,.<*&|>$E0", max_size=60))
def test_any_text_is_read_or_refused(name: str, text: str) -> None:
    try:
        parsed = SYNTAXES[name].parse(text)
    except SyntaxProblem:
        return
    lines = text.count("\n") + 1
    assert all(1 <= each.line <= lines for each in parsed.assignments)


def test_toml_knows_places() -> None:
    root = toml.parse('a = 1\n[b]\nc.d = "x"\n[[e]]\nf = 1\n[[e]]\nf = 2\n').roots[0]
    assert plain(root) == {"a": 1, "b": {"c": {"d": "x"}}, "e": [{"f": 1}, {"f": 2}]}
    below = root.at("b", "c")
    assert below is not None
    assert below.mapping()["d"].line == 3
    items = root.at("e")
    assert items is not None
    assert [each.mapping()["f"].line for each in items.each()] == [5, 7]


def test_hcl_knows_blocks_expressions_and_heredocs() -> None:
    text = (
        'resource "t" "n" {\n  days = 14\n  who  = var.x\n  rule {\n'
        "    a = -1\n  }\n  text = <<-EOT\n    k: v\n  EOT\n}\n"
    )
    root = hcl.parse(text).roots[0]
    days = root.member("resource", "t", "n", "days")
    assert days is not None
    assert (days.line, days.node.value) == (2, 14)
    who = root.at("resource", "t", "n", "who")
    assert who is not None
    assert who.open
    rules = root.at("resource", "t", "n", "rule")
    assert rules is not None
    assert plain(rules) == [{"a": -1}]
    heredoc = root.at("resource", "t", "n", "text")
    assert heredoc is not None
    assert heredoc.text.strip() == "k: v"
    assert heredoc.body == (8, 5)


def test_dotenv_shell_docker_and_systemd_tell_their_assignments() -> None:
    def told(parsed: Any) -> list[tuple[str, str | None, int, bool]]:
        return [(each.name, each.value, each.line, each.open) for each in parsed.assignments]

    assert told(dotenv.parse("A=1 # c\nexport B='x # y'\n# C=1\nD=${E}\nF=\n")) == [
        ("A", "1", 1, False), ("B", "x # y", 2, False), ("D", "${E}", 4, True), ("F", "", 5, False),
    ]  # fmt: skip
    script = '#!/bin/sh\nexport A=1 B="$C" # X=1\nD=2 run X=3\nif x; then E=4; fi\nunset F\ncat <<EOF\nG=5\nEOF\nH=6\n'
    assert told(shell.parse(script)) == [
        ("A", "1", 2, False), ("B", "$C", 2, True), ("D", "2", 3, False), ("E", "4", 4, False), ("F", None, 5, False),
        ("H", "6", 9, False),
    ]  # fmt: skip
    docker = 'FROM x AS one\nENV A=1 \\\n# no\n  B="two words"\nENV OLD form here\nARG C=3\n'
    assert told(dockerfile.parse(docker)) == [
        ("A", "1", 2, False), ("B", "two words", 4, False), ("OLD", "form here", 5, False), ("C", "3", 6, True),
    ]  # fmt: skip
    assert {each.scope for each in dockerfile.parse(docker).assignments} == {"stage one"}
    unit = "[Service]\nEnvironment=A=1 \"B=two words\"\nEnvironment='C=3'\n"
    assert told(systemd.parse(unit)) == [("A", "1", 2, False), ("B", "two words", 2, False), ("C", "3", 3, False)]


def test_a_text_in_a_text_has_the_places_of_the_file() -> None:
    text = "data:\n  a.yaml: |\n\n    x:\n      y: [\n  b.yaml: |\n    x:\n      y: 1\n"
    reading = documents.read("map.yaml", text.encode(), lambda _: True)
    inner = reading.documents[1]
    member = inner.roots[0].member("x", "y")
    assert member is not None
    assert (member.line, member.column) == (8, 7)
    assert [(each.line, each.reason.split(":")[0]) for each in reading.problems] == [(6, "in a.yaml")]


@pytest.mark.parametrize(
    ("said", "settled"),
    [("${env:A:-1}", "1"), ("${A-x}y", "xy"), ("${A}", None), ("$(A)", None), ("a{{b", None), ("a", "a")]
)  # fmt: skip
def test_defaults_of_variables_are_taken(said: str, settled: str | None) -> None:
    assert values.settled(said) == settled


@pytest.mark.parametrize(
    ("said", "seconds"), [("1h30m", 5400.0), ("14d", 1209600.0), ("0", 0.0), ("30", None), ("x", None)]
)
def test_times_are_read(said: str, seconds: float | None) -> None:
    assert values.duration(said) == seconds


def test_statements_of_templates_are_covered() -> None:
    text = "%{ if on ~}\na: 1\n{% if x %}\nb: {{ y }}\n{% endif %}\n%{ endif ~}\n"
    parsed = yaml.parse(text)
    assert list(parsed.roots[0].mapping()) == ["a", "b"]
    assert parsed.roots[0].mapping()["b"].line == 4
    assert parsed.roots[0].mapping()["b"].node.open
    assert [each.line for each in parsed.remarks] == [1]


def test_beginnings_of_templates_without_an_end_take_no_time() -> None:
    begun = time.perf_counter()
    with pytest.raises(SyntaxProblem):
        yaml.parse("a: [" + "{{ {% %{ " * 100_000)
    assert time.perf_counter() - begun < 5
