"""What stands under `/api/v1`, one file a subject."""
