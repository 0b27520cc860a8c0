"""The web page: an image in the browser, its outline and measures back, on one machine and in its memory alone."""
