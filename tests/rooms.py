"""The picture of the rooms in ``docs/architecture.md``: ``python -m tests.rooms`` draws it from the imports.

An arrow leads from a room to one that it imports; arrows that follow from others are left out.
"""

from __future__ import annotations

import networkx

from tests import ROOT
from tests.test_architecture import FILES, imports, module_of, room_of

PICTURE = ROOT / "docs" / "images" / "rooms.svg"
PLACES = {
    "checker.cli": (0.5, 0),
    "checker.mcp": (0.5, 1),
    "checker.plugin": (1.5, 1),
    "checker.api": (1, 2),
    "checker.logs": (2.3, 3),
    "checker.review": (0.5, 4),
    "checker.drive": (1.5, 4),
    "checker.imports": (3.2, 4),
    "checker.run": (1, 5),
    "drive": (2, 5),
    "checker.advice": (0, 6),
    "checker.explain": (1, 6),
    "checker.report": (2, 6),
    "checker.export": (3.2, 6),
    "checker.engines": (0.5, 7),
    "checker.semantics": (1, 8),
    "properties": (0, 9),
    "checker.results": (2, 9),
    "model.dns": (0, 10),
    "model.patterns": (2, 10),
    "model.processes": (2, 11),
    "model.language": (1, 12),
}
"""Where the rooms stand: the column and the floor, from the top."""
COLUMN, FLOOR, WIDTH, HEIGHT = 190, 62, 150, 30
STYLE = (
    "rect{fill:#f2f4f8;stroke:#2458c5}text{font:14px system-ui,sans-serif;fill:#1c2430;text-anchor:middle}"
    "path{fill:none;stroke:#5d6878;stroke-width:1.2;marker-end:url(#head)}marker path{fill:#5d6878;stroke:none}"
)


def rooms() -> networkx.DiGraph:
    """The rooms and who imports whom, without what only type checkers read."""
    graph = networkx.DiGraph()
    graph.add_nodes_from(PLACES)
    for file in FILES:
        for name, typed in imports(file):
            ends = room_of_module(module_of(file)), room_of_module(name)
            if not typed and all(ends) and ends[0] != ends[1]:
                graph.add_edge(*ends)
    return graph


def room_of_module(module: str) -> str | None:
    """The room of a module; the packages around the rooms are none."""
    return None if module in ("", "checker", "model") else room_of(module)


def picture() -> str:
    """The rooms as SVG."""
    width, height = int(4.2 * COLUMN), 11 * FLOOR
    arrows = sorted(networkx.transitive_reduction(rooms()).edges)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" role="img">',
        "<title>The rooms of planrace and who imports whom</title>",
        f"<style>{STYLE}</style>",
        f'<rect width="{width}" height="{height}" style="fill:#fff;stroke:none"/>',
        '<marker id="head" markerWidth="8" markerHeight="8" refX="7" refY="4" orient="auto">',
        '<path d="M0,1 L7,4 L0,7 z"/></marker>',
        *(arrow(above, below) for above, below in arrows),
        *(box(room) for room in PLACES),
    ]
    return "\n".join([*lines, "</svg>", ""])


def box(room: str) -> str:
    x, y = middle(room)
    rect = f'<rect x="{x - WIDTH // 2}" y="{y - HEIGHT // 2}" width="{WIDTH}" height="{HEIGHT}" rx="5"/>'
    return f'{rect}<text x="{x}" y="{y + 5}">{room.replace(".", "/")}</text>'


def arrow(above: str, below: str) -> str:
    """From the lower edge of a room to the upper edge of another."""
    (x1, y1), (x2, y2) = middle(above), middle(below)
    assert y1 < y2, f"{above} stands no higher than {below}"
    return f'<path d="M{x1},{y1 + HEIGHT // 2} L{x2},{y2 - HEIGHT // 2}"/>'


def middle(room: str) -> tuple[int, int]:
    column, floor = PLACES[room]
    return int((column + 0.5) * COLUMN), floor * FLOOR + FLOOR // 2


if __name__ == "__main__":
    PICTURE.write_text(picture(), encoding="utf-8")
