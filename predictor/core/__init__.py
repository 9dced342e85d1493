"""Fitted estimators made servable: no Django in here, all of it usable from a notebook."""
