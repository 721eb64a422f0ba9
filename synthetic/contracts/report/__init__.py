"""What the contract suites found, for people and machines: a page, Allure steps, JSON, and metrics for drift detection."""
