"""The percentage of retail accounts that lost money trading CFDs (FILINGS.md 2.8)."""
