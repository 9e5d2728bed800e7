"""The documentation builds without a warning and tells every rule and every standard."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from geo.findings import rules
from geo.standards import shipped_standards

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("material", reason="the extra `docs` is not installed")
    folder = tmp_path_factory.mktemp("docs") / "site"
    build = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "-d", str(folder)]
    done = subprocess.run(
        build, cwd=ROOT, capture_output=True, text=True, encoding="utf-8", check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_rule_has_its_paragraph_in_both_languages(site: Path, language: str) -> None:
    page = (site / language / "rules.html").read_text(encoding="utf-8")
    assert re.findall(r'<h3 id="([a-z]\d{3})">', page) == [code.lower() for code in rules()]
    for rule in rules().values():
        assert rule.title[language] in page


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_shipped_standard_is_told_in_both_languages(site: Path, language: str) -> None:
    page = (site / language / "standards.html").read_text(encoding="utf-8")
    for name in shipped_standards():
        assert f"<code>{name}</code>" in page


def test_no_mark_of_generated_text_is_left_and_no_page_loads_from_elsewhere(site: Path) -> None:
    for path in site.rglob("*.html"):
        page = path.read_text(encoding="utf-8")
        assert "generated:" not in page, path.name
        assert not re.findall(r'<(?:script|link|img)[^>]+(?:src|href)="https?://', page), path.name
    assert not (site / "hooks").exists()


def test_readme_names_only_files_that_are_there() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#]+)\)", readme):
        assert (ROOT / target).exists(), target
    for target in re.findall(r"docs/[\w/]+\.md", readme):
        assert (ROOT / target).is_file(), target
