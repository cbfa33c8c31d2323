"""Bodies and queries read as schemas, with every bad value told at once."""
