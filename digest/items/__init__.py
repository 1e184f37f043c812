"""Works and their identity: keys, diff, and the cleaning of titles and abstracts. Pure."""
