"""What an auditor checks without trusting anybody: trees over the log, signed notes, proofs. No database, no clock."""
