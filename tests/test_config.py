"""`auditrail.toml`: what is accepted, and how a mistake is told."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from auditrail import config
from auditrail.errors import ConfigError

GOOD = """
[[reader.jsonl]]
path = "logs/agent-*.jsonl"
match = { service = "planner", shard = 3, live = true }
layer = "agent"
stream = "planner"
tz = "Europe/Berlin"
kind = { step = "call", gate = "policy/decision" }
[reader.jsonl.fields]
ts = "when"
run_id = "meta.job"

[[reader.jsonl]]
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "auditrail.toml"
    path.write_text(text, "utf-8")
    return path


def test_all_settings_are_read_and_can_cross_a_process(tmp_path: Path) -> None:
    loaded = config.load(write(tmp_path, GOOD))
    first, second = loaded.jsonl
    assert first.match == (("service", "planner"), ("shard", "3"), ("live", "true"))
    assert first.fields == (("ts", "when"), ("run_id", "meta.job"))
    assert (first.layer, first.stream, first.tz) == ("agent", "planner", "Europe/Berlin")
    assert first.kinds == (("step", "call"), ("gate", "policy/decision"))
    assert second.path is None
    assert pickle.loads(pickle.dumps(loaded)) == loaded  # noqa: S301
    assert hash(loaded) == hash(config.load(tmp_path / "auditrail.toml"))


def test_the_default_file_is_found_and_may_be_absent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert config.load(None) == config.Config()
    write(tmp_path, GOOD)
    assert len(config.load(None).jsonl) == 2


def test_a_named_file_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.toml: cannot be read"):
        config.load(tmp_path / "none.toml")


def test_mappings_go_by_path_from_its_right_end(tmp_path: Path) -> None:
    loaded = config.load(write(tmp_path, GOOD))
    assert config.mapping_for(loaded, "/srv/logs/agent-7.jsonl") == loaded.jsonl
    assert config.mapping_for(loaded, "s3://bucket/logs/agent-7.jsonl") == loaded.jsonl
    assert config.mapping_for(loaded, "logs\\agent-7.jsonl") == loaded.jsonl
    assert config.mapping_for(loaded, "/srv/logs/other.jsonl") == loaded.jsonl[1:]


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("x = 1", "x: unknown key", "reader"),
        ("reader = 1", "reader: expected a table, found a number", ""),
        ("[reader.otlp]", r"reader\.otlp: unknown key", "jsonl"),
        ("[reader.jsonl]", r"reader\.jsonl: expected a list", "two brackets"),
        ("[[reader.jsonl]]\nfeilds = {}", r"reader\.jsonl\[0\]\.feilds: unknown key", "fields, layer"),
        ("[[reader.jsonl]]\n[reader.jsonl.fields]\nrunid = 'x'", r"fields\.runid: unknown key", "run_id"),
        ("[[reader.jsonl]]\n[reader.jsonl.fields]\nrun = 4", r"fields\.run: expected a text, found a number", ""),
        ("[[reader.jsonl]]\nfields = 'x'", r"fields: expected a table, found a text", ""),
        ("[[reader.jsonl]]\nmatch = { a = [1] }", r"match\.a: expected a text, found a list", ""),
        ("[[reader.jsonl]]\npath = ''", r"path: expected a text, found an empty text", ""),
        ("[[reader.jsonl]]\nstream = true", r"stream: expected a text, found true or false", ""),
        ("[[reader.jsonl]]\nlayer = 'robot'", r"layer: 'robot' is no layer", "agent, llm"),
        ("[[reader.jsonl]]\nkind = { a = 'robot/call' }", r"kind\.a: 'robot/call' is no kind", "layer/kind"),
        ("[[reader.jsonl]]\nkind = { a = 'calls' }", r"kind\.a: 'calls' is no kind", "result"),
        ("[[reader.jsonl]]\ntz = 'Europe/Nowhere'", r"tz: 'Europe/Nowhere' is no time zone", "Europe/Berlin"),
        ("[[reader.jsonl]]\ntz = '../x'", r"tz: '\.\./x' is no time zone", ""),
        ("[[reader", "not TOML", ""),
    ],
)
def test_a_mistake_names_its_key(tmp_path: Path, text: str, message: str, hint: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        config.load(write(tmp_path, text))
    assert "auditrail.toml" in caught.value.message
    assert hint in caught.value.hint


def test_a_file_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    (tmp_path / "auditrail.toml").write_bytes(b"a = '\xff'")
    with pytest.raises(ConfigError, match="not UTF-8"):
        config.load(tmp_path / "auditrail.toml")
