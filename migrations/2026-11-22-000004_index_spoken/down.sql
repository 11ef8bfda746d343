DROP INDEX calls_spoken;
