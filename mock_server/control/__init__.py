"""What bends a mock from outside: its controls, its journal, the API and page at `/_mock/`."""
