"""The command line of crawl.py, train.py and test.py: words in, settings out."""
