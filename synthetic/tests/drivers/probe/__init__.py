"""Tests of `synthetic.drivers.probe`: against real sockets, and of its sans-IO parts by themselves."""
