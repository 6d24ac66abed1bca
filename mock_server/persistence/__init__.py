"""What keeps a store beyond the process: a state file, written before each answer goes out."""
