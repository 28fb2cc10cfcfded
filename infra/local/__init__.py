"""The local stack: AWS on a laptop, with the production template, a mailbox and no Docker.

`run` starts and stops all of it. `emulator` manages MiniStack (`emulated` is what runs in the
emulator's own environment), `build` packages and deploys what has changed, `ses` plays SES v2 and keeps
every mail in `mailbox`, `front` serves the application (`proxy`) at one address and adds the `/_local` routes.
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - said in words, before an import fails in riddles
    sys.exit(f"Aufruf needs Python 3.11 or newer; this is {sys.version.split()[0]}.")
