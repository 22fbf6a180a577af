"""The log as a feed: events of all slices behind a cursor."""
