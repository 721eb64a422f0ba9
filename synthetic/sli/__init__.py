"""What the event stream says in numbers: counts, ratios, latencies, money. Pure: no clock, no I/O.

`samples` folds the events of each run into one frozen `RunSample`; `summaries` turns any choice of samples (a window, a
cell, a version) into ratios and percentiles. An empty choice is unknown (None), never a pass and never a failure.
"""
