"""Filings by regime. Adding one is adding a folder: it is found by looking for its package."""

from exports.filings.regimes import REGIMES, Regime, regime

__all__ = ["REGIMES", "Regime", "regime"]
