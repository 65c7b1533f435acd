"""Settings of site and installation, their schema, and the tree of errors."""
