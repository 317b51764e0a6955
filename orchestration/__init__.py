"""The top floor: the command line, building, closing, and Dagster."""
