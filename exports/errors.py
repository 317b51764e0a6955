"""What can be wrong with a statement or a filing before it may leave the house."""

from __future__ import annotations

from warehouse.errors import CheckFailedError, DaybookError, UsageError


class UnknownSubjectError(UsageError):
    """No client, account or partner answers to the key."""


class WithoutAccountError(DaybookError):
    """No source knows an account of what a paper is about."""


class UnclosedPeriodError(DaybookError):
    """Days of the period are not published, so no figure of it may leave the house."""


class FiguresDisagreeError(CheckFailedError):
    """Figures that must be equal are not; nothing was written."""


class StatementGapError(FiguresDisagreeError):
    """A statement does not open where the one before it closed."""


class ParameterError(DaybookError):
    """A rule's parameter is missing from its seed or cannot be read."""


class ArchiveError(DaybookError):
    """An archived file is missing or is not the one the register knows."""


class CatalogueError(DaybookError):
    """A language's words are missing or cannot be read."""


class PresentationError(DaybookError):
    """What papers look like cannot be had: a logo, a font, a colour."""


class DeliveryError(DaybookError):
    """A paper could not be delivered; it stays in the archive."""


class RefusedError(DeliveryError):
    """The other side will not have it; trying again is useless."""
