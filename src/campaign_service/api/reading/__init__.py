"""Bodies and queries read as shapes, with every bad value told at once."""
