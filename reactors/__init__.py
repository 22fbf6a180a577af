"""What turns back: deadlines become commands. Nothing else in Milepost does that."""
