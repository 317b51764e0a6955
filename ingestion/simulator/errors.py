"""What the simulator refuses to do."""

from __future__ import annotations

from warehouse.errors import UsageError


class SimulationError(UsageError):
    """The arguments do not describe a broker that can be simulated, or the output is in the way."""
