"""Labelled photos in the formats of data sets, read and written, and labels measured by them. Pure."""
