"""A read table filled anew beside the live one, the switch between the two, and the proof that rows are right."""
