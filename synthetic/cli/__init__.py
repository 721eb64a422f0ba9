"""The command line: one module a verb, all of them thin. `main` turns errors into one clear line and an exit code."""
