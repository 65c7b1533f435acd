"""What models are computed on: the value of the setting `device`."""

from __future__ import annotations

import re
from typing import Annotated, Final

from pydantic import BeforeValidator, Field, ValidationInfo

CPU: Final = "cpu"


def _checked(value: object, info: ValidationInfo) -> object:
    """One message in place of a pattern; and what a GPU does not go together with."""
    devices = str(value).split(",")
    named = value == CPU or all(re.fullmatch(r"cuda:\d{1,2}", device) for device in devices)
    if not named or len(set(devices)) != len(devices):
        raise ValueError("must be `cpu`, or NVIDIA devices such as `cuda:0` or `cuda:0,cuda:1`.")
    # What is wrong itself is not in `data`, and has its own message.
    runtime, precision = info.data.get("runtime"), info.data.get("precision")
    if value != CPU and runtime not in ("auto", "onnxruntime", None):
        raise ValueError("needs `runtime` to be auto or onnxruntime where it is a GPU.")
    if value != CPU and precision not in ("auto", "f32", None):
        raise ValueError("needs `precision` to be auto or f32 where it is a GPU.")
    return value


Devices = Annotated[
    str, BeforeValidator(_checked), Field(pattern=r"^(cpu|cuda:\d{1,2}(,cuda:\d{1,2})*)$")
]
"""`cpu`, or `cuda:0`, or several with commas; stands after `runtime` and `precision`."""
