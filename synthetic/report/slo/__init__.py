"""An SLO in the words of others: Prometheus rules for the continuous SLO, and OpenSLO documents."""
