"""Tests of synthetic.reference.cell.wallet_api."""
