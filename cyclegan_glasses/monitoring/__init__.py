"""Shows a run: dashboard, console, history file, web page. May fail; training goes on."""
