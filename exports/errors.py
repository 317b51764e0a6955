"""What can be wrong with a statement or a filing before it may leave the house."""

from __future__ import annotations

from warehouse.errors import CheckFailedError, DaybookError, UsageError


class UnknownSubjectError(UsageError):
    """No client, account or partner answers to the key."""


class UnclosedPeriodError(DaybookError):
    """Days of the period are not published, so no figure of it may leave the house."""


class FiguresDisagreeError(CheckFailedError):
    """Figures that must be equal are not; nothing was written."""


class ParameterError(DaybookError):
    """A rule's parameter is missing from its seed or cannot be read."""


class ArchiveError(DaybookError):
    """An archived file is missing or is not the one the register knows."""
