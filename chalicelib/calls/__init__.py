"""What is asked: a call, its fields, the rules for answers, its JSON Schema, its table."""
