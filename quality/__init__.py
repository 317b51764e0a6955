"""What proves the books: identities, ties to the sources, gates before publishing."""
