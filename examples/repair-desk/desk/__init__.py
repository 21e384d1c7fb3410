"""The desk: incidents in, conversations out."""
