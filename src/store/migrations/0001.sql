-- The live service's table, in its own words; it stands already in a file that the service made.
CREATE TABLE IF NOT EXISTS submissions (
    id VARCHAR(64) NOT NULL,
    hotkey VARCHAR(128) NOT NULL,
    code_hash VARCHAR(64) NOT NULL,
    artifact_hash VARCHAR(64),
    filename VARCHAR(256),
    artifact_json TEXT,
    static_review_json TEXT,
    judge_json TEXT,
    plagiarism_json TEXT,
    sample_jsonl TEXT,
    status VARCHAR(32) NOT NULL,
    score FLOAT NOT NULL,
    passed BOOLEAN NOT NULL,
    conversation_count INTEGER NOT NULL,
    total_messages INTEGER NOT NULL,
    size_bytes INTEGER NOT NULL,
    metrics_json TEXT,
    violations_json TEXT,
    stdout TEXT,
    stderr TEXT,
    error TEXT,
    created_at DATETIME NOT NULL,
    updated_at DATETIME NOT NULL,
    PRIMARY KEY (id)
);

-- The order in which submissions arrived. It does not lean on clocks, and AUTOINCREMENT never
-- gives a place twice.
CREATE TABLE arrivals (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    submission_id TEXT NOT NULL UNIQUE,
    hotkey TEXT NOT NULL,
    arrived_at DATETIME NOT NULL
);

-- What a submission is compared by; null where its source does not parse.
CREATE TABLE fingerprints (
    submission_id TEXT NOT NULL PRIMARY KEY,
    sequence BLOB
) WITHOUT ROWID;

CREATE TABLE runs (
    id TEXT NOT NULL PRIMARY KEY,
    program_version TEXT NOT NULL,
    settings_json TEXT NOT NULL,
    started_at DATETIME NOT NULL,
    finished_at DATETIME,
    outcome TEXT CHECK (outcome IN ('finished', 'interrupted', 'stopped'))
);

-- Progress: one row per package of a run, in the order given.
CREATE TABLE run_items (
    run_id TEXT NOT NULL REFERENCES runs (id),
    ordinal INTEGER NOT NULL,
    package TEXT NOT NULL,
    hotkey TEXT NOT NULL,
    submission_id TEXT,
    state TEXT NOT NULL CHECK (state IN ('pending', 'recorded', 'failed')),
    PRIMARY KEY (run_id, ordinal)
) WITHOUT ROWID;

-- Packages that never became a result: refused, unreadable, or stopped by a fault of ours.
CREATE TABLE failures (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    run_id TEXT NOT NULL REFERENCES runs (id),
    ordinal INTEGER NOT NULL,
    submission_id TEXT,
    stage TEXT NOT NULL,
    message TEXT NOT NULL,
    failed_at DATETIME NOT NULL
);
CREATE INDEX failures_of_run ON failures (run_id, ordinal);

-- Every evaluation ever recorded. Rows are added, never changed, but for row_json: the submissions
-- row of this evaluation, put there when a later one takes its place.
CREATE TABLE evaluations (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    submission_id TEXT NOT NULL,
    run_id TEXT REFERENCES runs (id),
    cache_key TEXT,
    status TEXT NOT NULL,
    score REAL NOT NULL,
    passed INTEGER NOT NULL,
    record_json TEXT,
    row_json TEXT,
    evaluated_at DATETIME NOT NULL
);
CREATE INDEX evaluations_of_submission ON evaluations (submission_id);
