"""Pages in a browser. This is a package so that its one browser ends with it."""
