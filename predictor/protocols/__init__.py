"""Other inference protocols, one module each."""
