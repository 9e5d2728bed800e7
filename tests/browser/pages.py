"""Open a page in headless Chromium with every other request blocked, and note what goes wrong."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--host-resolver-rules=MAP * ~NOTFOUND",
)
_NAMES = ("chromium", "chromium-browser", "google-chrome")


@dataclass(slots=True)
class Opened:
    """A page and everything it complained of: console errors, exceptions, other requests."""

    page: Any
    faults: list[str] = field(default_factory=list)

    def js(self, code: str) -> Any:  # noqa: ANN401
        """Return what an expression of the page gives."""
        return self.page.evaluate(f"() => ({code})")


def chromium_path() -> str:
    """Return the path of Chromium; the test skips where there is none."""
    found = next((path for path in map(shutil.which, _NAMES) if path), None)
    if found is None:
        pytest.skip(f"no Chromium on this machine (looked for {', '.join(_NAMES)})")
    return found


@contextmanager
def browser(*, has_loopback: bool = False) -> Iterator[Any]:
    """Start Chromium without any network, or with that of this machine alone."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=chromium_path(),
            args=[
                f"{each}, EXCLUDE 127.0.0.1" if has_loopback and "resolver" in each else each
                for each in ARGUMENTS
            ],
            timeout=60_000,
        )
        try:
            yield started
        finally:
            started.close()


def open_map(
    started: Any,  # noqa: ANN401
    path: Path,
    *,
    fragment: str = "",
    size: tuple[int, int] = (1366, 768),
    before: str = "",
) -> Opened:
    """Open the map at `path`, wait until it is drawn; `before` is script that runs first."""
    page = started.new_page(viewport={"width": size[0], "height": size[1]})
    opened = Opened(page)
    own = path.as_uri()

    def allow(route: Any) -> None:  # noqa: ANN401
        if route.request.url.split("#")[0] == own:
            route.continue_()
        else:
            opened.faults.append(f"request {route.request.url[:200]}")
            route.abort()

    page.route("**/*", allow)
    page.on("console", lambda m: opened.faults.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: opened.faults.append(str(error)))
    page.on("requestfailed", lambda request: opened.faults.append(f"failed {request.url[:200]}"))
    page.on("dialog", lambda dialog: (opened.faults.append("dialog"), dialog.dismiss()))
    if before:
        page.add_init_script(before)
    page.goto(own + fragment)
    page.wait_for_selector("html[data-ready]", state="attached", timeout=30_000)
    return opened
