"""What a person sees: a package, so that its one browser ends with it."""
