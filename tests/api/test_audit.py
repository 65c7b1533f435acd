from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from yanji.api import audit, audit_chain, audit_verify
from yanji.api.audit import append_record, check_access, current_actor
from yanji.api.audit_chain import NOTHING, AuditRecord, Head, decode_record, encode_head
from yanji.api.audit_lock import locked
from yanji.api.audit_verify import checkpoint, verify
from yanji.configs.default_models import DEFAULT_EMBEDDER
from yanji.configs.errors import AuditError, UsageError

PURPOSES = ("hit_and_run", "exercise")


@pytest.fixture(autouse=True)
def _no_sync(monkeypatch: pytest.MonkeyPatch) -> None:
    """Syncing costs most of the time here; one test watches that it is done, and when."""
    monkeypatch.setattr(os, "fsync", lambda _fd: None)


def ticking() -> Callable[[], int]:
    times: Iterator[int] = iter(range(1_795_000_000_000_000_000, 2**62, 1_000_000_000))
    return lambda: next(times)


def append(folder: Path, number: int = 0, **changes: Any) -> AuditRecord:
    fields: dict[str, Any] = {
        "actor": "wang",
        "case": "湘D-2026-118",
        "purpose": "hit_and_run",
        "reason": "e-bike left the scene",
        "action": "search",
        "parameters": {"number": number, "box": [1.5, 2, 3, 4], "from": None},
        "image_sha256": "ab" * 32,
        "model": DEFAULT_EMBEDDER,
        "result_ids": [f"s{number}"],
        "purposes": PURPOSES,
        "clock": ticking(),
    }
    return append_record(folder, **{**fields, **changes})


def fill(folder: Path, count: int = 6) -> list[AuditRecord]:
    return [append(folder, number) for number in range(count)]


def log_of(folder: Path) -> Path:
    return folder / "audit.jsonl"


def lines_of(folder: Path) -> list[bytes]:
    return log_of(folder).read_bytes().splitlines(keepends=True)


def codes(folder: Path, **kwargs: Any) -> list[tuple[str, int | None]]:
    report = verify(folder, **kwargs)
    assert report.ok is (report.problems == ())
    return [(problem.code, problem.seq) for problem in report.problems]


def resealed(record: AuditRecord, previous: str, **changes: Any) -> AuditRecord:
    content = json.loads(audit_chain.encode_record(record)) | changes
    del content["hash"], content["previous"]
    return audit_chain.sealed(content, previous)


def test_a_record_is_what_was_asked_and_chains(tmp_path: Path) -> None:
    first, second = fill(tmp_path, 2)
    assert (first.v, first.seq, first.previous) == (1, 1, "0" * 64)
    assert second.follows(first.head)
    assert first.at == "2026-11-18T11:06:40.000+00:00"
    assert first.audit_id == f"1-{first.hash[:12]}"
    written = [json.loads(line) for line in lines_of(tmp_path)]
    assert list(written[0]) == sorted(written[0])
    names = (
        "v, seq, at, actor, case, purpose, reason, action, parameters, image_sha256, model, "
        "result_ids, previous, hash"
    )
    assert set(written[0]) == set(names.split(", "))
    assert "湘D-2026-118".encode() in lines_of(tmp_path)[0]
    report = verify(tmp_path)
    assert (report.ok, report.records, report.head, report.notes) == (True, 2, second.head, ())


def test_the_hash_can_be_computed_from_the_documented_rule_alone(tmp_path: Path) -> None:
    append(tmp_path, parameters={"b": 0.1, "a": ["é", None, True, 10**20]})
    line = json.loads(lines_of(tmp_path)[0])
    said = line.pop("hash")
    text = json.dumps(line, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert hashlib.sha256(text.encode()).hexdigest() == said


def test_nothing_recorded_yet_verifies(tmp_path: Path) -> None:
    report = verify(tmp_path)
    assert (report.ok, report.records, report.head) == (True, 0, NOTHING)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"case": ""}, "A case is needed"),
        ({"case": " \t"}, "A case is needed"),
        ({"reason": ""}, "A reason is needed"),
        ({"purpose": "curiosity"}, "`curiosity` is not a purpose"),
        ({"case": "x" * 201}, "longer than 200"),
        ({"reason": "x" * 2001}, "longer than 2000"),
    ],
)
def test_what_may_not_be_asked_is_refused_before_anything_is_written(
    tmp_path: Path, changes: dict[str, Any], words: str
) -> None:
    with pytest.raises(UsageError, match=words) as caught:
        append(tmp_path, **changes)
    assert caught.value.exit_code == 2
    assert list(tmp_path.iterdir()) == []


def test_check_access_accepts_what_append_accepts() -> None:
    check_access(case="1", purpose="exercise", reason="test", purposes=PURPOSES)


def test_the_logs_own_action_cannot_be_taken(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="belongs to the log itself"):
        append(tmp_path, action="audit_recovery")


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_number_that_is_none_is_not_written(tmp_path: Path, bad: float) -> None:
    with pytest.raises(ValueError, match="Out of range"):
        append(tmp_path, parameters={"score": bad})
    append(tmp_path)
    assert verify(tmp_path).ok


def test_names_that_are_not_utf8_are_written_legibly(tmp_path: Path) -> None:
    record = append(
        tmp_path, parameters={"image": b"a\xff\\ud800".decode("utf-8", "surrogateescape")}
    )
    assert record.parameters == {"image": "a\\udcff\\ud800"}
    append(tmp_path, reason="line\nbreak\u2028and\x00nul")
    assert verify(tmp_path).ok
    assert len(lines_of(tmp_path)) == 2


# --- changes ---------------------------------------------------------------------------------


@pytest.mark.parametrize("seq", [1, 3, 6])
def test_an_edit_is_found(tmp_path: Path, seq: int) -> None:
    fill(tmp_path)
    lines = lines_of(tmp_path)
    lines[seq - 1] = lines[seq - 1].replace(b'"wang"', b'"wong"')
    log_of(tmp_path).write_bytes(b"".join(lines))
    assert codes(tmp_path) == [("changed", seq)]
    assert verify(tmp_path).problems[0].line == seq


@pytest.mark.parametrize("seq", [1, 3, 5])
def test_an_edit_with_a_fitting_hash_is_found(tmp_path: Path, seq: int) -> None:
    records = fill(tmp_path)
    lines = lines_of(tmp_path)
    before = records[seq - 2].hash if seq > 1 else "0" * 64
    forged = resealed(records[seq - 1], before, actor="li")
    lines[seq - 1] = audit_chain.encode_record(forged) + b"\n"
    log_of(tmp_path).write_bytes(b"".join(lines))
    assert codes(tmp_path) == [("replaced", seq + 1)]


def test_an_edit_of_the_last_record_with_a_fitting_hash_is_found(tmp_path: Path) -> None:
    records = fill(tmp_path)
    lines = lines_of(tmp_path)
    forged = resealed(records[5], records[4].hash, actor="li")
    log_of(tmp_path).write_bytes(b"".join(lines[:5]) + audit_chain.encode_record(forged) + b"\n")
    assert codes(tmp_path) == [("head", 6)]
    append(tmp_path)
    assert codes(tmp_path) == [("replaced", 7)], "the next append does not heal it"


def test_a_line_that_says_the_same_in_other_bytes_is_a_changed_line(tmp_path: Path) -> None:
    fill(tmp_path)
    lines = lines_of(tmp_path)
    lines[2] = json.dumps(json.loads(lines[2]), ensure_ascii=False, sort_keys=True).encode() + b"\n"
    log_of(tmp_path).write_bytes(b"".join(lines))
    assert codes(tmp_path) == [("changed", 3)]


def test_a_replaced_record_does_not_hide_behind_a_torn_write(tmp_path: Path) -> None:
    records = fill(tmp_path, 2)
    with log_of(tmp_path).open("ab") as file:
        file.write(b'{"action":"sea')
    append(tmp_path)
    assert verify(tmp_path).ok
    lines = lines_of(tmp_path)
    forged = resealed(records[1], records[0].hash, actor="li")
    lines[1] = audit_chain.encode_record(forged) + b"\n"
    log_of(tmp_path).write_bytes(b"".join(lines))
    assert codes(tmp_path) == [("changed", 3)]


def test_a_whole_line_that_was_changed_is_never_taken_for_a_torn_write(tmp_path: Path) -> None:
    fill(tmp_path, 2)
    head = (tmp_path / "audit.head").read_bytes()
    append(tmp_path)
    (tmp_path / "audit.head").write_bytes(head)
    raw = log_of(tmp_path).read_bytes()
    lines = raw.splitlines(keepends=True)
    lines[2] = lines[2].replace(b'"wang"', b'"wong"')
    log_of(tmp_path).write_bytes(b"".join(lines))
    assert codes(tmp_path) == [("changed", 3)]
    append(tmp_path)
    assert codes(tmp_path) == [("changed", 3)]


@pytest.mark.parametrize("gone", [1, 2, 5])
def test_a_deletion_is_found(tmp_path: Path, gone: int) -> None:
    fill(tmp_path)
    lines = lines_of(tmp_path)
    del lines[gone - 1]
    log_of(tmp_path).write_bytes(b"".join(lines))
    assert codes(tmp_path) == [("missing", gone + 1)]
    assert f"record {gone} is missing" in verify(tmp_path).problems[0].message


@pytest.mark.parametrize("left", [0, 1, 5])
def test_a_cut_at_the_end_is_found_before_and_after_the_next_append(
    tmp_path: Path, left: int
) -> None:
    fill(tmp_path)
    log_of(tmp_path).write_bytes(b"".join(lines_of(tmp_path)[:left]))
    assert codes(tmp_path) == [("cut", 6)]
    append(tmp_path)
    assert codes(tmp_path) == [("missing", 7)]
    assert verify(tmp_path).head.seq == 7


@pytest.mark.parametrize("num_bytes", [1, 2, 50])
def test_a_cut_inside_the_last_line_is_found(tmp_path: Path, num_bytes: int) -> None:
    fill(tmp_path)
    raw = log_of(tmp_path).read_bytes()
    log_of(tmp_path).write_bytes(raw[:-num_bytes])
    assert codes(tmp_path) == [("changed", 6)]
    append(tmp_path)
    if num_bytes == 1:
        # Only the line's end was gone: with it put back, nothing is missing or changed.
        assert log_of(tmp_path).read_bytes().startswith(raw)
        assert codes(tmp_path) == []
    else:
        assert codes(tmp_path) == [("changed", 6)]


def test_two_records_that_changed_places_are_found(tmp_path: Path) -> None:
    fill(tmp_path)
    lines = lines_of(tmp_path)
    lines[2], lines[3] = lines[3], lines[2]
    log_of(tmp_path).write_bytes(b"".join(lines))
    assert codes(tmp_path) == [("missing", 4), ("order", 3)]


def test_an_inserted_record_is_found(tmp_path: Path) -> None:
    records = fill(tmp_path)
    lines = lines_of(tmp_path)
    extra = resealed(records[3], records[2].hash, actor="li")
    lines.insert(3, audit_chain.encode_record(extra) + b"\n")
    log_of(tmp_path).write_bytes(b"".join(lines))
    assert ("order", 4) in codes(tmp_path)
    lines[3] = lines[0]
    log_of(tmp_path).write_bytes(b"".join(lines))
    assert codes(tmp_path) == [("order", 1)]


@pytest.mark.parametrize("junk", [b"\n", b"hello\n", b"{}\n", b"\xff\xfe\n"])
@pytest.mark.parametrize("at", [0, 3, 6])
def test_an_inserted_line_is_found(tmp_path: Path, junk: bytes, at: int) -> None:
    fill(tmp_path)
    lines = lines_of(tmp_path)
    lines.insert(at, junk)
    log_of(tmp_path).write_bytes(b"".join(lines))
    report = verify(tmp_path)
    if at == 6 and junk != b"{}\n":
        # Behind a head that fits this is what a torn write looks like: said, not held against it.
        assert report.ok
        assert "Line 7" in report.notes[0]
    else:
        assert codes(tmp_path) == [("changed", at + 1)]


def test_a_lost_log_is_found(tmp_path: Path) -> None:
    fill(tmp_path)
    log_of(tmp_path).unlink()
    assert codes(tmp_path) == [("lost", None)]
    append(tmp_path)
    assert codes(tmp_path) == [("missing", 7)]


def test_a_lost_head_is_found_and_stays_found(tmp_path: Path) -> None:
    fill(tmp_path)
    (tmp_path / "audit.head").unlink()
    assert codes(tmp_path) == [("head", None)]
    append(tmp_path)
    assert codes(tmp_path) == [("head", 7)], "a new head does not hide that the old one was gone"


def test_a_head_and_an_end_that_are_gone_together_are_found(tmp_path: Path) -> None:
    fill(tmp_path)
    log_of(tmp_path).write_bytes(b"".join(lines_of(tmp_path)[:1]))
    (tmp_path / "audit.head").unlink()
    assert codes(tmp_path) == [("head", None)]
    append(tmp_path)
    assert codes(tmp_path) == [("head", 2)]


@pytest.mark.parametrize(
    "head", [b"", b"junk", b'{"hash":"0","seq":1,"v":1}\n', b"[]", b'{"seq":true}']
)
def test_a_changed_head_is_found_and_stays_found(tmp_path: Path, head: bytes) -> None:
    fill(tmp_path)
    (tmp_path / "audit.head").write_bytes(head)
    assert codes(tmp_path) == [("head", None)]
    append(tmp_path)
    assert codes(tmp_path) == [("head", 7)]


def test_an_older_head_is_found_and_stays_found(tmp_path: Path) -> None:
    fill(tmp_path, 2)
    old = (tmp_path / "audit.head").read_bytes()
    fill(tmp_path, 3)
    (tmp_path / "audit.head").write_bytes(old)
    assert codes(tmp_path) == [("head", 2)]
    append(tmp_path)
    assert codes(tmp_path) == [("head", 6)]


def test_a_log_of_another_archive_is_found(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    fill(here, 3)
    append(there, actor="li")
    fill(there, 2)
    log_of(here).write_bytes(log_of(there).read_bytes())
    assert codes(here) == [("head", 3)]


def test_only_a_checkpoint_finds_a_log_replaced_with_its_head(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    fill(here, 3)
    kept = str(checkpoint(here))
    fill(here, 2)
    assert verify(here, expected_head=kept).ok
    append(there, actor="li")
    fill(there, 5)
    for name in ("audit.jsonl", "audit.head"):
        (here / name).write_bytes((there / name).read_bytes())
    assert verify(here).ok, "the documented limit"
    assert codes(here, expected_head=kept) == [("checkpoint", 3)]
    for name in ("audit.jsonl", "audit.head"):
        (here / name).unlink()
    assert codes(here, expected_head=kept) == [("checkpoint", 3)]


def test_a_checkpoint_is_refused_for_a_changed_log_and_when_it_is_none(tmp_path: Path) -> None:
    fill(tmp_path, 2)
    with pytest.raises(UsageError, match="not a checkpoint"):
        verify(tmp_path, expected_head="12-abc")
    log_of(tmp_path).write_bytes(b"")
    with pytest.raises(AuditError, match="does not verify"):
        checkpoint(tmp_path)


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, bytes, bytes]:
    """A log of eight records with a torn write in the middle, and its head."""
    folder = tmp_path_factory.mktemp("log")
    fill(folder, 3)
    with log_of(folder).open("ab") as file:
        file.write(b'{"action":"sea')
    fill(folder, 4)
    assert verify(folder).ok
    assert verify(folder).records == 8
    return folder, log_of(folder).read_bytes(), (folder / "audit.head").read_bytes()


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_any_single_changed_byte_is_found(
    pristine: tuple[Path, bytes, bytes], data: st.DataObject
) -> None:
    folder, log, head = pristine
    position = data.draw(st.integers(0, len(log) + len(head) - 1))
    changed = bytearray(log + head)
    changed[position] = data.draw(st.integers(0, 255).filter(lambda b: b != changed[position]))
    log_of(folder).write_bytes(changed[: len(log)])
    (folder / "audit.head").write_bytes(changed[len(log) :])
    assert not verify(folder).ok


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_any_cut_out_piece_is_found(
    pristine: tuple[Path, bytes, bytes], data: st.DataObject
) -> None:
    folder, log, head = pristine
    start = data.draw(st.integers(0, len(log) - 1))
    end = data.draw(st.integers(start + 1, len(log)))
    log_of(folder).write_bytes(log[:start] + log[end:])
    (folder / "audit.head").write_bytes(head)
    assert not verify(folder).ok


# --- crashes ---------------------------------------------------------------------------------


def test_a_write_torn_at_any_byte_is_kept_noted_and_gone_on_from(tmp_path: Path) -> None:
    first = append(tmp_path)
    head = (tmp_path / "audit.head").read_bytes()
    whole = log_of(tmp_path).read_bytes()
    append(tmp_path, 1)
    line = lines_of(tmp_path)[1]
    for length in range(len(line) + 1):
        torn = whole + line[:length]
        log_of(tmp_path).write_bytes(torn)
        (tmp_path / "audit.head").write_bytes(head)
        before = verify(tmp_path)
        assert before.ok, length
        assert bool(before.notes) is (length > 0)
        new = append(tmp_path, 2)
        after = verify(tmp_path)
        assert after.ok, (length, after.problems)
        assert log_of(tmp_path).read_bytes().startswith(torn), "not a byte is dropped"
        recoveries = [b'"audit_recovery"' in kept for kept in lines_of(tmp_path)]
        assert sum(recoveries) == (1 if 0 < length < len(line) - 1 else 0)
        assert new.seq == first.seq + (1 if length == 0 else 2)


def test_a_recovery_torn_again_is_still_noted(tmp_path: Path) -> None:
    append(tmp_path)
    with log_of(tmp_path).open("ab") as file:
        file.write(b'{"action":"se\n{"action":"audit_rec')
    append(tmp_path)
    report = verify(tmp_path)
    assert report.ok
    assert report.records == 3
    assert "Record 2 notes it" in report.notes[0]


class _CrashError(Exception):
    """Stands for the end of the process at a named point."""


def test_all_is_on_the_disk_in_order_before_the_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    append(tmp_path)
    steps: list[str] = []
    write, replace = os.write, os.replace

    def name_of(fd: int) -> str:
        return Path(os.readlink(f"/proc/self/fd/{fd}")).name

    def noted_write(fd: int, data: Any) -> int:
        steps.append(f"write {name_of(fd)}")
        return write(fd, data)

    def noted_replace(source: Path, target: Path) -> None:
        steps.append(f"replace {target.name}")
        replace(source, target)

    monkeypatch.setattr(os, "write", noted_write)
    monkeypatch.setattr(os, "replace", noted_replace)
    monkeypatch.setattr(os, "fsync", lambda fd: steps.append(f"sync {name_of(fd)}"))
    append(tmp_path)
    assert steps == [
        "write audit.jsonl",
        "sync audit.jsonl",
        "write audit.head.new",
        "sync audit.head.new",
        "replace audit.head",
        f"sync {tmp_path.name}",
    ]


@pytest.mark.parametrize("point", ["write", "fsync", "head", "folder"])
@pytest.mark.parametrize("num_before", [0, 2])
def test_a_crash_between_any_two_steps_loses_no_answered_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, point: str, num_before: int
) -> None:
    answered = fill(tmp_path, num_before)

    def crash(*_args: object, **_kwargs: object) -> None:
        raise _CrashError

    with monkeypatch.context() as patch:
        if point == "head":
            patch.setattr(os, "replace", crash)
        elif point == "folder":
            patch.setattr(audit, "_sync_folder", crash)
        else:
            patch.setattr(os, point, crash)
        with pytest.raises(_CrashError):
            append(tmp_path, 77)
    report = verify(tmp_path)
    assert report.ok, report.problems
    assert num_before <= report.records <= num_before + 1
    answered.append(append(tmp_path, 78))
    report = verify(tmp_path)
    assert report.ok, report.problems
    log = log_of(tmp_path).read_bytes()
    assert all(audit_chain.encode_record(record) in log for record in answered)


def test_a_head_one_behind_is_said_and_mended(tmp_path: Path) -> None:
    fill(tmp_path, 2)
    head = (tmp_path / "audit.head").read_bytes()
    append(tmp_path)
    (tmp_path / "audit.head").write_bytes(head)
    report = verify(tmp_path)
    assert report.ok
    assert "one record behind" in report.notes[0]
    append(tmp_path)
    assert verify(tmp_path).notes == ()


def test_a_full_disk_gives_no_answer_and_the_log_goes_on_after_it(tmp_path: Path) -> None:
    fill(tmp_path, 2)
    limit = log_of(tmp_path).stat().st_size + 100
    program = f"""
import resource, signal
from pathlib import Path
from yanji.api.audit import append_record
from yanji.configs.errors import AuditError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))
try:
    append_record(Path({str(tmp_path)!r}), actor="a", case="1", purpose="exercise", reason="r",
        action="search", parameters={{}}, image_sha256=None, model=None, result_ids=[],
        purposes=["exercise"])
    print("answered")
except AuditError as error:
    print("refused", error.hint)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.startswith("refused Nothing is answered without it.")
    assert log_of(tmp_path).stat().st_size == limit
    assert verify(tmp_path).ok
    append(tmp_path)
    report = verify(tmp_path)
    assert (report.ok, report.records) == (True, 4)


def test_a_log_that_cannot_be_opened_gives_no_answer(tmp_path: Path) -> None:
    log_of(tmp_path).mkdir()
    with pytest.raises(AuditError, match="cannot be written: Is a directory"):
        append(tmp_path)
    with pytest.raises(AuditError, match="cannot be written: No such file"):
        append(tmp_path / "nowhere")
    with pytest.raises(AuditError, match="cannot be read"):
        verify(tmp_path / "nowhere")


def test_a_log_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_bytes(b"")
    log_of(tmp_path).symlink_to(elsewhere)
    with pytest.raises(AuditError, match="cannot be written"):
        append(tmp_path)
    assert elsewhere.read_bytes() == b""


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder_gives_no_answer(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(AuditError, match="cannot be written: Permission denied"):
        append(tmp_path)
    tmp_path.chmod(0o700)


def test_a_failed_sync_gives_no_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    append(tmp_path)

    def fail(_fd: int) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail)
        with pytest.raises(AuditError, match="Input/output error"):
            append(tmp_path)
    assert verify(tmp_path).ok


# --- several writers -------------------------------------------------------------------------

_WRITER = """
import sys
from pathlib import Path
from yanji.api.audit import append_record
for number in range(25):
    append_record(Path(sys.argv[1]), actor=sys.argv[2], case="1", purpose="exercise", reason="r",
        action="search", parameters={"number": number}, image_sha256=None, model=None,
        result_ids=[], purposes=["exercise"])
"""


def test_four_processes_write_one_chain(tmp_path: Path) -> None:
    writers = [
        subprocess.Popen([sys.executable, "-c", _WRITER, str(tmp_path), f"w{number}"])
        for number in range(4)
    ]
    assert [writer.wait(timeout=120) for writer in writers] == [0, 0, 0, 0]
    report = verify(tmp_path)
    assert (report.ok, report.records, report.notes) == (True, 100, ())
    written = [json.loads(line) for line in lines_of(tmp_path)]
    for actor in ("w0", "w1", "w2", "w3"):
        numbers = [r["parameters"]["number"] for r in written if r["actor"] == actor]
        assert numbers == list(range(25))


def test_threads_of_one_process_write_one_chain(tmp_path: Path) -> None:
    threads = [threading.Thread(target=fill, args=(tmp_path, 10)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (verify(tmp_path).ok, verify(tmp_path).records) == (True, 40)


def test_a_lock_that_is_never_released_is_not_waited_for_without_end(tmp_path: Path) -> None:
    with (
        locked(tmp_path),
        pytest.raises(AuditError, match="has held"),
        locked(tmp_path, patience_s=0.0),
    ):
        pass


def test_the_first_writer_may_come_while_verify_looks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, calls = audit_verify._both, []

    def write_in_between(folder: Path) -> tuple[bytes | None, int | None]:
        calls.append(folder)
        if len(calls) > 1:
            return real(folder)
        fill(folder, 2)
        return None, real(folder)[1]  # no head when it looked, a log a moment later

    monkeypatch.setattr(audit_verify, "_both", write_in_between)
    report = verify(tmp_path)
    assert report.ok, report.problems
    assert report.records == 2
    assert len(calls) == 2


def test_verify_while_others_write_sees_a_whole_log(tmp_path: Path) -> None:
    done = threading.Event()

    def write() -> None:
        fill(tmp_path, 60)
        done.set()

    thread = threading.Thread(target=write)
    thread.start()
    num_seen = 0
    while not done.is_set():
        report = verify(tmp_path)
        assert report.ok, report.problems
        num_seen = max(num_seen, report.records)
    thread.join()
    assert num_seen > 0


# --- details ---------------------------------------------------------------------------------


def test_records_larger_than_the_first_look_are_found_again(tmp_path: Path) -> None:
    fill(tmp_path, 1)
    append(tmp_path, result_ids=[f"{number:032d}" for number in range(10_000)])
    last = append(tmp_path)
    assert last.seq == 3
    with log_of(tmp_path).open("ab") as file:
        file.write(b"{" * 300_000)
    append(tmp_path)
    report = verify(tmp_path)
    assert (report.ok, report.records) == (True, 5)


def test_current_actor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 0)
    assert current_actor() == "root"
    monkeypatch.setattr(os, "getuid", lambda: 3_999_999_999)
    assert current_actor() == "uid:3999999999"


@pytest.mark.parametrize("line", [b"", b"[" * 100_000, b'{"a":NaN}', b"1" * 5000])
def test_odd_lines_are_no_records(line: bytes) -> None:
    assert isinstance(decode_record(line), str)


def test_a_head_reads_back() -> None:
    head = Head(7, "ab" * 32)
    assert audit_chain.decode_head(encode_head(head)) == head
    assert audit_chain.parse_checkpoint(f" {head}\n") == head
