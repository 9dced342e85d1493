"""How each bundled model is trained."""
