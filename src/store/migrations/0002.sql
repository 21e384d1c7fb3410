-- The leaderboard takes the best result ever recorded of each submission; the history's rows are
-- long, and it reads these columns only.
CREATE INDEX evaluations_by_score ON evaluations (status, score, submission_id);
