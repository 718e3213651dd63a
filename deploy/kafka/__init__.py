"""The one register of topics and what creates them from it."""
