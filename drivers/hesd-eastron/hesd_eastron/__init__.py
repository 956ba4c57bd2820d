"""Eastron SDM meters for hesd: one file a meter, written beside its data sheet."""
