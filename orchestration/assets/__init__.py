"""Dagster's assets, by what they make."""
