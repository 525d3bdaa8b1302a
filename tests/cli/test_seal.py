"""`auditrail keygen`, `seal`, `prove` and `verify` of what they made, as the installed command."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

COMMAND = Path(sys.executable).with_name("auditrail")
PACKAGE = Path(__file__).parents[2]


def run(*words: str | Path, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    keep = {name: value for name, value in os.environ.items() if name != "AUDITRAIL_SEAL_KEY"}
    return subprocess.run(
        [COMMAND, *words], cwd=folder, env={**keep, **environment}, capture_output=True, text=True, timeout=120
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "agent.jsonl").write_text("".join(f'{{"event":"tool_call","n":{number}}}\n' for number in range(50)))
    done = run("keygen", "example.com/sealing", "-o", "seal.key", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    return tmp_path


def test_keygen_shows_the_public_half_alone(folder: Path) -> None:
    private = (folder / "seal.key").read_text().strip()
    assert stat.S_IMODE((folder / "seal.key").stat().st_mode) == 0o600
    done = run("keygen", "example.com/sealing", "-o", "other.key", folder=folder)
    assert done.stdout == (folder / "other.key.pub").read_text()
    assert (folder / "other.key").read_text().rpartition("+")[2].strip() not in done.stdout + done.stderr
    again = run("keygen", "example.com/sealing", "-o", "seal.key", folder=folder)
    assert (again.returncode, again.stdout) == (2, "")
    assert (folder / "seal.key").read_text().strip() == private


def test_seal_grow_verify_and_prove(folder: Path) -> None:
    done = run(
        "seal", "agent.jsonl", "--key", "seal.key", "--time", "2026-09-17T10:06:02Z", "-f", "json", folder=folder
    )
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["schema"] == "auditrail.seal/1"
    (row,) = document["seals"]
    assert (row["status"], row["records"], row["time"], row["time_source"]) == (
        "sealed", 50, "2026-09-17T10:06:02Z", "given"
    )  # fmt: skip
    with (folder / "agent.jsonl").open("a") as out:
        out.write('{"event":"end"}\n')
    done = run("verify", "agent.jsonl", "--key", "seal.key.pub", "-f", "json", folder=folder)
    assert done.returncode == 0, done.stderr
    (result,) = json.loads(done.stdout)["results"]
    assert (result["verdict"], result["records"], result["checked"]) == ("INTACT", 50, 50)
    assert any(sentence.startswith("1 record(s)") for sentence in result["not_checked"])
    (folder / "kept.seal").write_bytes((folder / "agent.jsonl.seal").read_bytes())
    assert run("seal", "agent.jsonl", "--key", "seal.key", folder=folder).returncode == 0
    done = run("prove", "agent.jsonl", "--record", "51", "-o", "p.tlog-proof", folder=folder)
    assert (done.returncode, done.stdout) == (0, "")
    assert run("prove", "agent.jsonl", "--record", "51", "-o", "p.tlog-proof", folder=folder).returncode == 2
    assert run("verify", "p.tlog-proof", "--key", "seal.key.pub", folder=folder).returncode == 0
    assert run("verify", "p.tlog-proof", folder=folder).returncode == 4
    done = run("prove", "agent.jsonl", "--since", "kept.seal", folder=folder)
    assert done.stdout.startswith("old 50\n")


def test_a_rewritten_log_is_a_finding(folder: Path) -> None:
    assert run("seal", "agent.jsonl", "--key", "seal.key", folder=folder).returncode == 0
    text = (folder / "agent.jsonl").read_text()
    (folder / "agent.jsonl").write_text(text.replace('"n":7}', '"n":8}'))
    done = run("verify", "agent.jsonl", "--key", "seal.key.pub", folder=folder)
    assert done.returncode == 1
    start = text[: text.index('"n":7}')].rindex("\n") + 1
    assert f"record 8 (byte {start}): edited" in done.stdout
    done = run("seal", "agent.jsonl", "--key", "seal.key", folder=folder)
    assert (done.returncode, done.stdout) == (1, "")
    assert "--force-new" in done.stderr
    assert run("prove", "agent.jsonl", "--record", "8", folder=folder).returncode == 1
    done = run("seal", "agent.jsonl", "--key", "seal.key", "--force-new", folder=folder)
    assert done.returncode == 0
    done = run("verify", "agent.jsonl", "--key", "seal.key.pub", folder=folder)
    assert (done.returncode, "sealed anew" in done.stdout) == (0, True)


def test_folders_keys_from_the_environment_and_cosigners(folder: Path) -> None:
    logs = folder / "logs"
    logs.mkdir()
    for name in ("a.jsonl", "b.log"):
        (logs / name).write_text('{"event":"x"}\n')
    secret = (folder / "seal.key").read_text()
    done = run("seal", "logs", folder=folder, AUDITRAIL_SEAL_KEY=secret)
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in logs.iterdir()) == ["a.jsonl", "a.jsonl.seal", "b.log", "b.log.seal"]
    assert run("seal", "logs", folder=folder, AUDITRAIL_SEAL_KEY=secret).returncode == 0
    assert len(list(logs.iterdir())) == 4
    assert run("keygen", "witness.example.com", "-o", "w.key", folder=folder).returncode == 0
    done = run("seal", "logs", "--cosign", "w.key", "--trust", "seal.key.pub", "-f", "json", folder=folder)
    assert {row["status"] for row in json.loads(done.stdout)["seals"]} == {"cosigned"}
    done = run("verify", "logs", "--key", "w.key.pub", "--key", "seal.key.pub", "--strict", folder=folder)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("seal", "agent.jsonl"), 2),
        (("seal", "agent.jsonl", "--key", "none"), 2),
        (("seal", "agent.jsonl", "--key", "seal.key.pub"), 2),
        (("seal", "agent.jsonl", "--key", "seal.key", "--time", "soon"), 2),
        (("seal", "agent.jsonl", "--key", "seal.key", "--origin", "two words"), 2),
        (("seal", "agent.jsonl", "--key", "seal.key", "--timestamp", "nowhere"), 2),
        (("seal", "none.jsonl", "--key", "seal.key"), 3),
        (("prove", "agent.jsonl"), 2),
        (("prove", "agent.jsonl", "--record", "1"), 3),
        (("prove", "agent.jsonl", "--since", "none"), 2),
        (("keygen", "two words"), 2),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else str(value),
)
def test_wrong_calls_are_two_lines(folder: Path, words: tuple[str, ...], code: int) -> None:
    done = run(*words, folder=folder)
    assert (done.returncode, done.stdout) == (code, ""), done.stderr
    lines = done.stderr.splitlines()
    assert len(lines) <= 2
    assert all(line.startswith(("auditrail: error: ", "auditrail: hint: ")) for line in lines)
    assert not (folder / "agent.jsonl.seal").exists()


@pytest.mark.parametrize("words", [["seal", "a.jsonl", "--key", "seal.key"], ["verify", "a.jsonl"]])
def test_sealing_and_verifying_load_no_engine(folder: Path, words: list[str]) -> None:
    (folder / "a.jsonl").write_text('{"event":"x"}\n')
    code = (
        "import sys; from auditrail.cli import _main; "
        f"assert _main.run({words!r}) in (0, 4); "
        "print([name for name in ('duckdb', 'pyarrow') if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True,
                          env={**os.environ, "PYTHONPATH": str(PACKAGE)})  # fmt: skip
    assert done.stderr == "[]\n", done.stderr
