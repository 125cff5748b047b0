"""The human test: a study from results, a page to answer it on, and what the answers say."""
