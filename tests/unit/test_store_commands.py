"""The commands of the store: audit --store, compare WORKSPACE@VERSION, ledger, store."""

import json
from pathlib import Path

import pytest

from api.commands import main
from geo.store import open_store
from geo.synth import build_city, write_city
from tests.fake_audit import fake_audit
from tests.ledger_cases import edited, rows_of


def _run(capsys: pytest.CaptureFixture[str], *call: object) -> tuple[int, str, str]:
    """Run a command in English; return exit code, stdout, stderr."""
    capsys.readouterr()
    with pytest.raises(SystemExit) as left:
        main([str(part) for part in call])
    said = capsys.readouterr()
    code = left.value.code
    assert isinstance(code, int)
    return code, said.out, said.err


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("city")
    write_city(build_city(1, seed=3), folder)
    return folder / "project.toml"


def test_a_ledger_s_way_through_the_commands(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, store = tmp_path / "out", tmp_path / "ws"
    code, said, _ = _run(capsys, "audit", project, "-o", out, "--store", store, "--name", "初版")
    assert code == 1
    (version,) = open_store(store).versions()
    assert (version.name, version.version_id) == ("初版", f"{version.project_id}-1")
    assert version.version_id in said
    folder = open_store(store).folder(version.version_id)
    for path in out.iterdir():
        assert path.read_bytes() == (folder / path.name).read_bytes()
    assert (out / "map.html").is_file()

    first, second = list(rows_of(out / "ledger.xlsx"))[:2]
    cells = {(first, "责任单位"): "民政局", (second, "整改时限"): "明天"}
    back = edited(out / "ledger.xlsx", tmp_path / "back.xlsx", cells)
    code, said, _ = _run(capsys, "ledger", "import", store, back, "--actor", "王")
    assert code == 1
    assert "明天" in said
    code, said, _ = _run(capsys, "ledger", "import", store, back, "--format", "json")
    told = json.loads(said)
    assert (code, told["applied"], len(told["refused"])) == (1, [], 1)

    assert _run(capsys, "audit", project, "-o", out, "--store", store)[0] == 1
    assert rows_of(out / "ledger.xlsx")[first]["责任单位"] == "民政局"
    now = tmp_path / "now.xlsx"
    assert _run(capsys, "ledger", "export", store, "-o", now)[0] == 0
    assert rows_of(now)[first]["责任单位"] == "民政局"
    assert _run(capsys, "ledger", "import", store, now)[0] == 0

    code, said, _ = _run(capsys, "store", store)
    assert code == 0
    assert "初版" in said
    code, said, _ = _run(capsys, "store", store, "--format", "json")
    assert [row["run_id"] for row in json.loads(said)] == [1, 2]
    code, said, _ = _run(capsys, "store", store, "--finding", first)
    assert code == 0
    assert "民政局" in said
    assert _run(capsys, "store", store, "--finding", "nobody")[0] == 1

    call = (f"{store}@{version.version_id}", f"{store}@{version.project_id}")
    code, said, _ = _run(capsys, "compare", *call, "-o", tmp_path / "cmp", "--format", "json")
    assert code == 0
    assert json.loads(said)["n_adjusted"] == 0


def test_a_conflict_is_told_with_all_three_texts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_store(tmp_path / "ws", create=True)
    version = store.publish(fake_audit())
    ledger = store.folder(version.version_id) / "ledger.xlsx"
    for text in ("甲说", "乙说"):
        back = edited(ledger, tmp_path / "back.xlsx", {("f1", "整改情况"): text})
        code, said, _ = _run(capsys, "ledger", "import", tmp_path / "ws", back)
    assert code == 1
    assert "甲说" in said
    assert "乙说" in said
    assert "整改情况" in said
    monkeypatch.setattr("api.commands.ledger._SHOWN", 0)
    assert "1" in _run(capsys, "ledger", "import", tmp_path / "ws", back)[1]


@pytest.mark.parametrize(
    ("call", "word"),
    [
        (("store", "nowhere"), "store.gpkg"),
        (("ledger", "import", "nowhere", "l.xlsx"), "store.gpkg"),
        (("audit", "{project}", "-o", "out", "--name", "x"), "--store"),
        (("audit", "{project}", "-o", "out", "--store", "postgresql://u:p@host/db"), "host/db"),
        (("compare", "nowhere@a-1", "nowhere@a-2", "-o", "out"), "WORKSPACE@VERSION"),
    ],
)
def test_what_cannot_be_ends_in_a_sentence(
    call: tuple[str, ...],
    word: str,
    project: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GRIDCIRCLE_LANG", "en")
    code, said, fault = _run(capsys, *(part.format(project=project) for part in call))
    assert (code, said) == (2, "")
    assert word in fault
    assert "u:p" not in fault
    assert not list(tmp_path.iterdir())
