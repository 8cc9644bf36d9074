"""What is alive: snapshots of the objects of a process, and the differences between two of them."""
