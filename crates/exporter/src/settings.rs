//! The operator's settings: which store, which tenant labels, what an Exporter may reach.
