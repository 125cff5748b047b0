"""The Visdom dashboard: its server and the files that it needs, panes, and what sends them."""
