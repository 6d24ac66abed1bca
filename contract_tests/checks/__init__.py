"""What the pytest items do: send cases and judge the answers."""
