"""The set-up script: nothing to do is nothing done, and nothing of the user's is removed."""

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

ROOT = Path(__file__).resolve().parents[2]
OLD = SimpleNamespace(version_info=(3, 9, 6), executable="/usr/bin/python3")


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location("setup_env", ROOT / "tools" / "setup_env.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "is_usable", lambda *_, **__: True)
    monkeypatch.setattr(module.shutil, "which", lambda _: None)
    return module


@pytest.fixture
def commands(script: ModuleType, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    ran: list[list[str]] = []
    monkeypatch.setattr(script, "run", lambda command, **_: ran.append(command))
    return ran


def test_extras_that_are_there_already_run_nothing(
    script: ModuleType, commands: list[list[str]], tmp_path: Path
) -> None:
    script.write_stamp(tmp_path, {"dev", "docs"})
    assert script.main(["--venv", str(tmp_path), "--extras", "docs"]) == 0
    assert commands == []


def test_new_extras_are_added_to_those_that_are_there(
    script: ModuleType, commands: list[list[str]], tmp_path: Path
) -> None:
    script.write_stamp(tmp_path, {"docs"})
    assert script.main(["--venv", str(tmp_path), "--extras", "all"]) == 0
    assert [command[-1] for command in commands] == [f"{ROOT}[all,docs]"]
    assert script.read_stamp(tmp_path) == {"all", "docs"}


def test_another_pyproject_installs_again(
    script: ModuleType, commands: list[list[str]], tmp_path: Path
) -> None:
    stamp = json.dumps({"key": "of another pyproject.toml", "extras": ["docs"]})
    (tmp_path / script.STAMP).write_text(stamp, encoding="utf-8")
    assert script.main(["--venv", str(tmp_path), "--extras", "docs"]) == 0
    assert len(commands) == 1


def test_a_folder_that_is_no_environment_is_left_alone(
    script: ModuleType,
    commands: list[list[str]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(script, "is_usable", lambda *_, **__: False)
    (tmp_path / "thesis.txt").write_text("mine", encoding="utf-8")
    assert script.main(["--venv", str(tmp_path)]) == 1
    assert (tmp_path / "thesis.txt").is_file()
    assert commands == []
    assert "is no virtual environment" in capsys.readouterr().err


def test_an_old_python_without_a_newer_one_is_told_what_to_do(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(script, "sys", OLD)
    with pytest.raises(script.SetupError, match=r"needs Python 3\.11 or newer; .* is 3\.9\.6"):
        script.base_interpreter()


def test_an_old_python_takes_a_newer_one_from_the_path(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(script, "sys", OLD)
    monkeypatch.setattr(
        script.shutil, "which", lambda name: sys.executable if name == "python3.12" else None
    )
    assert script.base_interpreter() == sys.executable


def test_a_uv_that_fails_leaves_the_work_to_pip(
    script: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    ran: list[str] = []

    def run(command: list[str], **_: str) -> None:
        ran.append(Path(command[0]).name)
        if command[0] == "uv":
            msg = "no such index"
            raise script.SetupError(msg)

    monkeypatch.setattr(script, "run", run)
    monkeypatch.setattr(script.shutil, "which", lambda name: name)
    assert script.main(["--venv", str(tmp_path)]) == 0
    assert ran == ["uv", script.venv_python(tmp_path).name]
    assert "no such index" in capsys.readouterr().err
