"""REST, the live feed, metrics and the dashboard: what people and programs reach hesd by."""
