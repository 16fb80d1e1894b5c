-- SPDX-License-Identifier: MIT
-- bench.sql: a table of numbers in memory: filled, indexed, joined, grouped, changed.
CREATE TABLE item(id INTEGER PRIMARY KEY, shelf INTEGER, price INTEGER, name TEXT);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
INSERT INTO item SELECT i, i * 7919 % 101, i * 104729 % 10007, 'item ' || (i * 31 % 997) FROM n;
CREATE INDEX by_shelf ON item(shelf, price);
CREATE INDEX by_name ON item(name);
SELECT count(*), sum(price), min(name), max(name) FROM item;
SELECT shelf, count(*), sum(price) FROM item GROUP BY shelf ORDER BY sum(price) DESC LIMIT 3;
SELECT count(*), sum(a.price * b.price) FROM item a JOIN item b ON b.name = a.name WHERE a.shelf = 5;
UPDATE item SET price = price * 3 % 10007 WHERE shelf BETWEEN 20 AND 60;
DELETE FROM item WHERE name LIKE '%7';
SELECT name, total(price) FROM item GROUP BY name ORDER BY 2 DESC, 1 LIMIT 3;
SELECT count(*), sum(length(name)), sum(price) FROM item;
