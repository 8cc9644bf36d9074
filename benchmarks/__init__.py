"""What `make bench` runs: real suites with and without the plugin, its cost when off, its cost on a large heap."""
