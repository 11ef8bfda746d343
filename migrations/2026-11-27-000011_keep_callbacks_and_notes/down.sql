DROP TABLE lines;
DROP TABLE callbacks;
DROP TABLE notes;
