"""MongoDB on a server: its replica set and its users."""
