//! What a vendor's endpoint needs: presets of a sink that can each be overridden.
