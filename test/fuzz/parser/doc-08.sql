BEGIN;
DECLARE c CURSOR FOR SELECT * FROM orders ORDER BY order_id;
FETCH FORWARD 100 FROM c;
CLOSE c;
COMMIT;
PREPARE by_region (text) AS SELECT count(*) FROM orders WHERE region = $1;
EXECUTE by_region('eu-west');
DEALLOCATE ALL;
