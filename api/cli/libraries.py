"""Missing system libraries, explained with the package that brings them."""

from __future__ import annotations

import re

from yanji.configs.errors import YanjiError

_PACKAGES = {
    "libGL.so": "libgl1",
    "libEGL.so": "libegl1",
    "libgthread-2.0.so": "libglib2.0-0",
    "libglib-2.0.so": "libglib2.0-0",
    "libgomp.so": "libgomp1",
    "libxcb": "libxcb1",
    "libX11": "libx11-6",
    "libSM": "libsm6",
    "libXext": "libxext6",
    "libXrender": "libxrender1",
}
"""Debian and Ubuntu packages of the libraries that wheels on the registry expect to find."""


def explain_import_error(error: ImportError) -> YanjiError | None:
    """Turn 'cannot open shared object file' into a sentence; None for any other import error."""
    found = re.search(r"(lib[\w.+-]+?\.so[\d.]*|lib[\w+-]+): cannot open shared object", str(error))
    if found is None:
        return None
    library = found.group(1)
    package = next((name for key, name in _PACKAGES.items() if library.startswith(key)), None)
    hint = (
        f"On Debian or Ubuntu: apt-get install {package}"
        if package
        else "Install the system package that contains it."
    )
    return YanjiError(
        f"The system library {library} is missing, which opencv-python or another package needs.",
        hint=hint,
        code="system_library",
    )
