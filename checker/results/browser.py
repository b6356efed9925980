"""Whether planrace runs in a browser, where Python is WebAssembly (Pyodide).

There are no threads, no processes, no signals and no machine code there. A module asks here only where it would have to
do its work in another way; what is missing is loaded where it is used, so it fails there, with its own message.
"""

from __future__ import annotations

import sys

IN_BROWSER = sys.platform == "emscripten"
THREADS = not IN_BROWSER
"""Whether threads can be started."""


def no_llvm(problem: Exception) -> str:
    """Why there is no machine code where llvmlite could not be imported, as a part of a sentence."""
    return "llvmlite is not available in the browser" if IN_BROWSER else f"llvmlite cannot be loaded ({problem})"
