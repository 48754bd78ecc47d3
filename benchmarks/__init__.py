"""Measurements, to be run by hand; the tests keep some of their results."""
