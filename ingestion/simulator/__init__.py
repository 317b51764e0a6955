"""A deterministic retail FX/CFD broker: source systems to load, and the truth to check against."""

from ingestion.simulator.errors import SimulationError
from ingestion.simulator.simulate import SimulationSummary, simulate

__all__ = ["SimulationError", "SimulationSummary", "simulate"]
