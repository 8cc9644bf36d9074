"""Renderers: one `RunSummary` in, text or JSON out."""
