"""The ground floor: the one door to DuckDB and DuckLake."""
