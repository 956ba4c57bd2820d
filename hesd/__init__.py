"""hesd: a head-end system daemon for electricity meters."""

__version__ = "0.1.0"
