"""The controller of Jobs, and the decisions that it carries out."""
