"""A class: one Redis for each student, or one that they share."""
