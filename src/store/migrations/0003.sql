-- A fingerprint is believed only if its seal fits: the form it is stored in, and a digest of that, of
-- the submission's id and of the bytes. Damage, rows of another submission and older forms show.
ALTER TABLE fingerprints ADD COLUMN format INTEGER;
ALTER TABLE fingerprints ADD COLUMN program_version TEXT;
ALTER TABLE fingerprints ADD COLUMN digest BLOB;
