"""What the operations are made of: whatever more than one family of them needs."""
