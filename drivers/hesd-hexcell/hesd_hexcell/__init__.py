"""Hexcell prepayment meters for hesd: the vendor's list as data, beside it what it does not say."""
