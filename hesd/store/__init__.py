"""Where meters, people, jobs and readings are kept: SQLAlchemy Core, one file a subject."""
