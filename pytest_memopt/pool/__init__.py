"""Pools of resources that are expensive to build: lent, reset, checked and lent again. No pytest inside."""
