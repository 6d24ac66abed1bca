"""The contract as the suite reads it from the bundle."""
