"""The command line of crawl.py, train.py and test.py: arguments in, settings out."""
