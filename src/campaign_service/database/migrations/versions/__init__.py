"""One file for each change of the schema. A change that was released is never altered."""
