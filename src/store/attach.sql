-- What of ours hangs on the service's table. It is looked for at every opening, for the service
-- may have made its table anew, and that drops what hung on it.

-- The leaderboard reads these columns only; the rows are long, with logs in their middle.
CREATE INDEX IF NOT EXISTS dfab_leaderboard
    ON submissions (status, score, hotkey, id, conversation_count, total_messages, created_at);

-- Whatever is asked of one hotkey.
CREATE INDEX IF NOT EXISTS dfab_hotkey ON submissions (hotkey, score, id, created_at);

-- Rows from before: they came in the order of the service's clock.
INSERT INTO arrivals (submission_id, hotkey, arrived_at)
    SELECT id, hotkey, created_at FROM submissions
    WHERE id NOT IN (SELECT submission_id FROM arrivals)
    ORDER BY created_at, rowid;

-- Rows from now on take their place as they are written, whoever writes them. Not INSERT OR
-- IGNORE: an INSERT OR REPLACE of the service's would make that a replacement, and a submission
-- would lose its place.
CREATE TRIGGER IF NOT EXISTS dfab_arrival AFTER INSERT ON submissions
BEGIN
    INSERT INTO arrivals (submission_id, hotkey, arrived_at)
        SELECT new.id, new.hotkey, new.created_at
        WHERE NOT EXISTS (SELECT 1 FROM arrivals WHERE submission_id = new.id);
END;
