from __future__ import annotations

from pathlib import Path

import pytest

from auditrail.cli import _main
from auditrail.errors import UsageError
from auditrail.gaps.frameworks import frameworks
from auditrail.lint import engine
from auditrail.lint.node import Node
from auditrail.lint.policy import policies, policy
from auditrail.lint.syntax import yaml

NAMES = ("claude-code", "cloudwatch", "litellm", "opa", "otel-collector")
FRAMEWORKS = tuple(each for each in frameworks() if each.name in ("eu-ai-act", "pci-dss"))
# A pattern of a secret takes the secret: that is what it is for, and lint says it of any.
LEFT = {"otel-collector": {"collector-redaction-values"}}
KINDS = {
    "claude-code": {"claude-code", "environment"},
    "cloudwatch": {"log-group", "s3-lifecycle", "s3-object-lock", "s3-versioning", "subscription-filter"},
    "litellm": {"litellm"},
    "opa": {"opa", "rego-log"},
    "otel-collector": {"collector"},
}
# Keys that the components' READMEs document, with those of exporterhelper for exporters.
DOCUMENTED = {
    "memory_limiter": {
        "check_interval", "limit_mib", "spike_limit_mib", "limit_percentage", "spike_limit_percentage",
    },
    "redaction": {
        "allow_all_keys", "allowed_keys", "blocked_key_patterns", "blocked_values", "hash_function",
        "ignored_keys", "summary", "allowed_values", "redact_all_types",
    },
    "otlp": {"endpoint", "tls", "headers", "compression", "timeout", "retry_on_failure", "sending_queue"},
    "file": {"path", "append", "format", "rotation", "compression", "flush_interval", "create_directory"},
    "file_storage": {"directory", "timeout", "compaction", "create_directory", "fsync"},
    "retry_on_failure": {"enabled", "initial_interval", "max_interval", "max_elapsed_time", "multiplier"},
    "sending_queue": {"enabled", "num_consumers", "queue_size", "storage", "block_on_overflow", "batch", "sizer"},
}  # fmt: skip


def test_each_policy_is_a_file_that_the_command_prints(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert tuple(policies()) == NAMES
    for name in NAMES:
        assert _main.run(["lint", "--print-policy", name]) == 0
        assert capsys.readouterr().out == policy(name).text
    assert _main.run(["lint", "--print-policy", "opa", "-o", "opa.yaml"]) == 0
    assert Path("opa.yaml").read_text("utf-8") == policy("opa").text
    assert _main.run(["lint", "--print-policy", "opa", "-o", "opa.yaml"]) != 0
    assert _main.run(["lint", "--print-policy", "nope"]) == 2
    assert "otel-collector" in capsys.readouterr().err
    with pytest.raises(UsageError):
        policy("nope")


@pytest.mark.parametrize("name", NAMES)
def test_a_policy_is_linted_clean(name: str, tmp_path: Path) -> None:
    path = tmp_path / policy(name).file
    path.write_text(policy(name).text, "utf-8")
    assert len(FRAMEWORKS) == 2
    looked = engine.look([str(path)], FRAMEWORKS)
    assert looked.failed == {}
    assert looked.unread == []
    assert looked.remarks == []
    assert {each.kind for each in looked.configs} == KINDS[name]
    assert {each.rule.id for each in looked.findings} == LEFT.get(name, set())
    assert {each.hit.severity or each.rule.severity for each in looked.findings} <= {"low"}


@pytest.mark.parametrize(
    ("name", "good", "bad", "rule"),
    [
        ("otel-collector", "append: true", "append: false", "collector-file-append"),
        ("otel-collector", "summary: debug", "summary: silent", "collector-redaction-silent"),
        ("otel-collector", "storage: file_storage, ", "", "collector-queue-not-persistent"),
        ("opa", "min_delay_seconds: 1", "max_decisions_per_second: 1", "opa-rate-limit"),
        ("opa", "/input/credentials/token", "/input/tool/arguments", None),
        ("cloudwatch", "= 400", "= 30", "log-group-retention"),
        ("cloudwatch", 'filter_pattern  = ""', 'filter_pattern  = "ERROR"', "subscription-filter-pattern"),
        ("claude-code", "400", "7", "claude-code-cleanup"),
        ("litellm", "callbacks: [otel, s3_v2]", "success_callback: [otel]", "litellm-no-callback"),
    ],
)
def test_a_policy_made_worse_is_found(name: str, good: str, bad: str, rule: str | None, tmp_path: Path) -> None:
    assert good in policy(name).text
    path = tmp_path / policy(name).file
    path.write_text(policy(name).text.replace(good, bad, 1), "utf-8")
    found = {each.rule.id for each in engine.look([str(path)], FRAMEWORKS).findings} - LEFT.get(name, set())
    # The mask puts a keyed hash in place: arguments stay joinable, and nothing is said.
    assert found >= ({rule} if rule is not None else set())
    assert bool(found) is (rule is not None)


def test_the_collector_policy_has_documented_keys_only() -> None:
    root = yaml.parse(policy("otel-collector").text).roots[0]
    for section in ("processors", "exporters", "extensions"):
        for name, member in _below(root, section).items():
            assert set(member) <= DOCUMENTED[name], name
    exporter = root.at("exporters", "otlp")
    assert exporter is not None
    for key in ("retry_on_failure", "sending_queue"):
        assert set(_below(exporter, key)) <= DOCUMENTED[key]
    used = {
        item.text
        for pipeline in ("traces", "logs")
        for section in ("processors", "exporters")
        for item in (root.at("service", "pipelines", pipeline, section) or Node(1, 1)).each()
    }
    assert used == set(_below(root, "processors")) | set(_below(root, "exporters"))


def _below(node: Node, key: str) -> dict[str, dict[str, object]]:
    found = node.at(key)
    assert found is not None
    return {name: dict(member.node.mapping()) for name, member in found.mapping().items()}
