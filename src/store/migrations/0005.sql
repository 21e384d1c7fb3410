-- Where each item of a fingerprint stands in its package, with a seal of its own: lines that do not fit
-- decide nothing and are left out.
ALTER TABLE fingerprints ADD COLUMN lines BLOB;
ALTER TABLE fingerprints ADD COLUMN lines_digest BLOB;
