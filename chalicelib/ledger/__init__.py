"""The record of every mail: which, to which submission, in what state."""
