"""What bends a mock from outside: its controls, the API and page at `/_mock/`."""
