//! The labels of a series as a source has them, before they are copied.

use ktel_metricsql::Labels;

/// Names and values in one text.
#[derive(Debug, Clone, Copy)]
pub struct Pairs<'a> {
    text: &'a str,
    spans: &'a [[(usize, usize); 2]],
}

impl<'a> Pairs<'a> {
    /// Takes where names and values are.
    pub(super) fn new(text: &'a str, spans: &'a [[(usize, usize); 2]]) -> Self {
        Self { text, spans }
    }

    /// Gives names and values.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&'a str, &'a str)> + use<'a> {
        let text = self.text;
        // The spans were found in this text, at its quotes.
        let part = move |span: (usize, usize)| text.get(span.0..span.1).unwrap_or_default();
        self.spans.iter().map(move |[name, value]| (part(*name), part(*value)))
    }
}

impl Labels for Pairs<'_> {
    fn value(&self, label: &str) -> Option<&str> {
        self.iter().find(|(name, _)| *name == label).map(|(_, value)| value)
    }
}
