"""Tests of `synthetic gate`: what CI sees, and the gate as a service of its own."""
