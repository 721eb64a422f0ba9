"""One suite for every transport against every server: same result as httpx on valid input, a bounded clear error on the rest."""
