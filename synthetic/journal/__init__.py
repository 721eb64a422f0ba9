"""The journal of intents: what a run is about to do with money, made durable before the request leaves."""
