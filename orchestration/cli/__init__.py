"""The `daybook` command."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line; failures a person can act on become one message and an exit code.

    Exit codes: 0 ok, 1 a check is broken, 2 wrong use, 3 it could not run.
    """
    from orchestration.cli.app import app
    from orchestration.cli.output import print_failure
    from warehouse.errors import DaybookError

    try:
        app()
    except DaybookError as error:
        print_failure(error)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        sys.exit(130)
