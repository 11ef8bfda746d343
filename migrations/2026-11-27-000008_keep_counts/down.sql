DROP TABLE counterparty_counts;
DROP TABLE day_counts;
DROP TABLE history_counts;
