"""Plain values that every layer may use."""
