"""What takes minutes and is done before a release: `python -m tests.drills [NAME...]`."""
