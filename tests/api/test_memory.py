"""What the C library does with freed memory, seen from outside: pages that are taken again."""

from __future__ import annotations

import subprocess
import sys

import pytest

CODE = """
import resource, sys
import numpy as np
from yanji.api import memory
if sys.argv[1] == "keep":
    memory.keep_large_blocks()

def churn():
    for _ in range(50):
        blocks = [np.empty(6_000_000, np.uint8) for _ in range(2)]
        for block in blocks:
            block[::4096] = 1

churn()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
churn()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def num_new_pages(how: str) -> int:
    done = subprocess.run([sys.executable, "-c", CODE, how], capture_output=True, check=True)
    return int(done.stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="glibc")
def test_large_blocks_are_kept_for_the_next_of_their_size() -> None:
    if num_new_pages("leave") < 10_000:
        pytest.skip("this C library keeps them anyway")
    assert num_new_pages("keep") < 1_000
