"""The house style as tests: each ban names its replacement."""
