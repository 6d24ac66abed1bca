"""What a run leaves behind: one report as data (`model.py`), and its written forms."""
