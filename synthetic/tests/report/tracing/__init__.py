"""OpenTelemetry's export."""
