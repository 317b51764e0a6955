"""The SQL of the pages: values are always parameters, never text."""
