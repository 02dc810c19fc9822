"""Print the programs of a PostgreSQL of another major version than the embedded one, for the second run of the tests.

The oldest that raceline supports and the machine has comes first, where Debian installs them; else the wheel's 16.
"""

import sys
from pathlib import Path

from raceline.app.embedded import wheel_binaries
from raceline.domain.migrate import OLDEST_SERVER

EMBEDDED = 18


def other_server(installed: Path) -> Path:
    """The folder of programs to use. `installed`: a folder that has one for each major version."""
    found = {int(folder.parent.name): folder for folder in installed.glob("*/bin") if folder.parent.name.isdecimal()}
    usable = [m for m in found if m >= OLDEST_SERVER and m != EMBEDDED and (found[m] / "initdb").exists()]
    return found[min(usable)] if usable else wheel_binaries(16)


if __name__ == "__main__":
    sys.stdout.write(str(other_server(Path("/usr/lib/postgresql"))))
