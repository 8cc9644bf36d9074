"""What wastes memory and time, what can be done about it, and what that brought, measured."""
