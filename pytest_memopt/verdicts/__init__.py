"""Verdicts: measurements and limits brought together into what is said of a test."""
