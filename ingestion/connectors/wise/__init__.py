"""Wise: balance statements as JSON or CSV."""
