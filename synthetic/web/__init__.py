"""The HTTP face of the scheduled runner: metrics, health, and the kill switch."""
