//! A source on its way to a sink: cursor, windows, attempts. Pure decisions apart from the actor that sends.
