"""Tests of the drivers: real sockets on loopback."""
