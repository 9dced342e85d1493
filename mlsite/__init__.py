"""The site: settings, addresses, home, and the server."""
