"""Resources that are built once and borrowed often."""
