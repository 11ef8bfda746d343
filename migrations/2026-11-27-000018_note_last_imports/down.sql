DROP TABLE last_imports;
