-- Who runs a run, and what was typed for it: to tell a run that goes on from one whose process is gone,
-- and to say how to go on.
ALTER TABLE runs ADD COLUMN command TEXT;
ALTER TABLE runs ADD COLUMN folder TEXT;
ALTER TABLE runs ADD COLUMN jobs INTEGER;
ALTER TABLE runs ADD COLUMN until_stage TEXT;
ALTER TABLE runs ADD COLUMN host TEXT;
ALTER TABLE runs ADD COLUMN pid INTEGER;
ALTER TABLE runs ADD COLUMN process TEXT;
ALTER TABLE runs ADD COLUMN seen_at DATETIME;

-- Progress made anew: more states, and when and how far. A package that was refused has its verdict,
-- so it is not one that this machine failed at; of earlier runs that cannot be told, and they keep
-- `failed`. `path` is absolute, as text where it is text and else as bytes.
CREATE TABLE run_items_anew (
    run_id TEXT NOT NULL REFERENCES runs (id),
    ordinal INTEGER NOT NULL,
    package TEXT NOT NULL,
    path,
    hotkey TEXT NOT NULL,
    submission_id TEXT,
    state TEXT NOT NULL
        CHECK (state IN ('pending', 'running', 'recorded', 'refused', 'failed', 'stopped')),
    stage TEXT,
    reused INTEGER NOT NULL DEFAULT 0,
    evaluation_id INTEGER,
    started_at DATETIME,
    finished_at DATETIME,
    PRIMARY KEY (run_id, ordinal)
) WITHOUT ROWID;
INSERT INTO run_items_anew (run_id, ordinal, package, hotkey, submission_id, state)
    SELECT run_id, ordinal, package, hotkey, submission_id, state FROM run_items;
DROP TABLE run_items;
ALTER TABLE run_items_anew RENAME TO run_items;

-- Why a package has no result, without the names in it, so that like causes can be counted; and for the
-- how manieth time.
ALTER TABLE failures ADD COLUMN cause TEXT;
ALTER TABLE failures ADD COLUMN attempt INTEGER NOT NULL DEFAULT 1;
ALTER TABLE failures ADD COLUMN path;
ALTER TABLE failures ADD COLUMN hotkey TEXT;
CREATE INDEX failures_of_package ON failures (path, hotkey);

-- What a result rests on without its neighbours, hashed, and what came out before it was compared with
-- them: enough to derive it again without running the harness.
ALTER TABLE evaluations ADD COLUMN package_key TEXT;
ALTER TABLE evaluations ADD COLUMN prepared_json TEXT;
