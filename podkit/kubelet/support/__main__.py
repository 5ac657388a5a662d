"""Prints ``docs/support.md``."""

import sys

from podkit.kubelet.support.page import page

if __name__ == "__main__":
    sys.stdout.write(page())
