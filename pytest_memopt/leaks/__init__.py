"""The leak hunt: a workload is repeated until its memory is proven flat, or growing, and then the culprit is named."""
