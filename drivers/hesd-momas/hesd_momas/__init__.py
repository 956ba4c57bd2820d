"""Momas prepayment meters for hesd."""
