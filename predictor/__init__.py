"""A prediction service for fitted scikit-learn models."""
