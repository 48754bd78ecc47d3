"""Tests of imageproc.deployment."""
