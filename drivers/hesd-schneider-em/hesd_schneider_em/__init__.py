"""Schneider Electric (Conzerv) EM meters for hesd: one file a meter, written beside its register list."""
