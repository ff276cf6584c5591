//! The report: one section per job, then what the user piped in.
