//! The addresses of pages, charts and numbers. A parameter that has its default is omitted.

use super::view::View;
use crate::anonymity::Population;

/// How the numbers of a chart are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Scale {
    /// As shares of a week.
    #[default]
    Percent,
    /// As they are.
    Absolute,
}

/// What a chart is compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Compared {
    /// The same chart of another product.
    Product(String),
    /// The same chart of another version.
    Version(String),
}

/// One chart of a view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chosen {
    /// `vendor/name` of its schema.
    pub schema: String,
    /// Its field, or pair of fields; empty for the total.
    pub field: String,
    /// How it is drawn.
    pub scale: Scale,
    /// What it is compared with.
    pub compared: Option<Compared>,
}

impl Scale {
    /// Both scales.
    pub const ALL: [Self; 2] = [Self::Percent, Self::Absolute];

    /// The name in addresses.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Percent => "percent",
            Self::Absolute => "absolute",
        }
    }

    /// Parses the name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scale| scale.as_str() == name)
    }
}

impl Compared {
    /// The parameter of an address.
    #[must_use]
    pub fn parameter(&self) -> (&'static str, String) {
        match self {
            Self::Product(product) => ("compare", product.clone()),
            Self::Version(version) => ("compare_version", version.clone()),
        }
    }
}

impl View {
    /// The parameters that choose this view.
    #[must_use]
    pub fn parameters(&self) -> Vec<(&'static str, String)> {
        let Self { population, product, version, period, min_group_size: _ } = self;
        let is_default = *population == Population::default();
        let population = (!is_default).then(|| ("population", population.as_str().to_owned()));
        let product = product.clone().map(|product| ("product", product));
        let version = version.clone().map(|version| ("version", version));
        [population, product, version].into_iter().flatten().chain(period.parameters()).collect()
    }

    /// The address of the page with all charts.
    #[must_use]
    pub fn page(&self) -> String {
        address("/", self.parameters())
    }

    /// The address of one chart, under one of the paths that show charts.
    #[must_use]
    pub fn chart(&self, path: &str, chosen: &Chosen, format: Option<&str>) -> String {
        let Chosen { schema, field, scale, compared } = chosen;
        let scale = (*scale != Scale::default()).then(|| ("scale", scale.as_str().to_owned()));
        let format = format.map(|format| ("format", format.to_owned()));
        let own = [("schema", schema.clone()), ("field", field.clone())];
        let compared = compared.as_ref().map(Compared::parameter);
        let all = own.into_iter().chain(self.parameters());
        address(path, all.chain([scale, compared, format].into_iter().flatten()))
    }
}

impl Chosen {
    /// A chart as pages show it.
    #[must_use]
    pub fn of(schema: String, field: &str) -> Self {
        Self { schema, field: field.to_owned(), scale: Scale::default(), compared: None }
    }
}

/// Writes an address with parameters.
pub(crate) fn address(
    path: &str,
    parameters: impl IntoIterator<Item = (&'static str, String)>,
) -> String {
    let pairs: Vec<String> =
        parameters.into_iter().map(|(name, value)| format!("{name}={}", escape(&value))).collect();
    if pairs.is_empty() { path.to_owned() } else { format!("{path}?{}", pairs.join("&")) }
}

/// Writes a value so that it can stand in a query.
fn escape(value: &str) -> String {
    value
        .bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b'/' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect()
}
