"""The head end's work: which meter is asked when, what its answer means, what to do when none comes."""
