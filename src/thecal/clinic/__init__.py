"""The clinic: the web application around charts and pumps, its database, and the runner that keeps it all going."""
