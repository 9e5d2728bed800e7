"""Pictures of the map to look at: sizes, languages and states, in headless Chromium.

Run it: `python -m benchmarks.pictures AUDIT_GPKG … -o FOLDER`; each picture is named
city-width-language-state.png. A console error or a failed request ends it with code 1.
"""

import argparse
import sys
from pathlib import Path
from typing import Any, Final

from geo.outputs import read_audit
from maps import write_map
from tests.browser.pages import browser, open_map

SIZES: Final = ((1600, 1000), (1366, 768), (390, 844))
LANGUAGES: Final = ("zh", "en")
STATES: Final = {
    "opening": "null",
    "finding": "GC.choose({kind: 'finding', at: GC.listed(null)[0]})",
    "grid": "GC.choose({kind: 'grid', at: Math.floor(GC.data.grids.id.length / 2)})",
    "whatif": """(async () => {
        const box = document.getElementById("gc-whatif");
        if (!box) return;
        box.open = true;
        if (GC.tried.leftOut) return;
        await GC.openWhatIf();
        GC.useTool("add");
        GC.tryAt(GC.map.getCenter());
    })()""",
    "print": "GC.showSheets('a3')",
}
"""What is done on the opened page before the picture is taken, by name."""


def main() -> int:
    """Draw every audit, take every picture, say what went wrong."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pictures", description=__doc__)
    parser.add_argument("audit", type=Path, nargs="+")
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--state", nargs="*", choices=list(STATES), default=list(STATES))
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    faults: list[str] = []
    with browser() as chromium:
        for path in options.audit:
            page = write_map(read_audit(path), options.out / f"{path.stem}.html")
            faults += pictures(chromium, page, options.state)
    print("\n".join(faults))
    return 1 if faults else 0


def pictures(chromium: Any, path: Path, states: list[str]) -> list[str]:  # noqa: ANN401
    """Take all pictures of one page beside it; return what the page complained of."""
    faults: list[str] = []
    for size in SIZES:
        for language in LANGUAGES:
            for state in states:
                found = open_map(chromium, path, fragment=f"#lang={language}", size=size)
                found.page.evaluate(f"() => {STATES[state]}")
                found.page.wait_for_timeout(300)
                name = f"{path.stem}-{size[0]}-{language}-{state}.png"
                found.page.screenshot(path=path.with_name(name))
                faults += [f"{name}: {fault}" for fault in found.faults]
                found.page.close()
    return faults


if __name__ == "__main__":
    sys.exit(main())
