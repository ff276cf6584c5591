//! A product's own schema, of a version that tests change.

use std::sync::Arc;

use ktel_model::Schema;
use ktel_server::Catalog;
use ktel_server::record::Section;
use serde_json::Value;

/// A catalog with one schema of a product, whose field has this type.
pub(crate) fn widgets(of: &str, more: &str) -> Catalog {
    Catalog::new([schema("widgets", "90d", of, more)]).unwrap()
}

pub(crate) fn schema(name: &str, keep: &str, of: &str, more: &str) -> Schema {
    let text = format!(
        "kts: 1\nschema: acme/{name}\nversion: 1.0.0\nkind: stats\ntitle: Widgets\n\
         purpose: {{question: How many?, value_to_you: More of them., used_for: [planning]}}\n\
         owner: acme\nstability: development\nconsent: ambient\naccess: []\n\
         retention: {{raw: {keep}, aggregate: 25mo}}\nfields:\n\
         \x20 who: {{type: id, sensitivity: technical, identifiability: pseudonym, why: History., \
         example: 56279633-3131-436b-b8f2-9008a49a2f12, since: 0.1.0, expires: 2027-11-01}}\n\
         \x20 number: {{{of}, sensitivity: technical, why: Planning., since: 0.1.0, \
         expires: 2027-11-01}}\n{more}"
    );
    Schema::parse(&text, "widgets.yaml").unwrap()
}

/// The type of a field.
pub(crate) const COUNT: &str = "type: count, exact: true, example: 3";
/// Another field.
pub(crate) const MORE: &str = "  broken: {type: bool, sensitivity: technical, why: Repairs., example: true, \
                    since: 0.1.0, expires: 2027-11-01}\n";

pub(crate) fn widget(catalog: &Catalog, raw: &Value) -> Section {
    row("acme/widgets", catalog, raw)
}

pub(crate) fn row(id: &str, catalog: &Catalog, raw: &Value) -> Section {
    let table = Arc::clone(&catalog.find(id, None).unwrap().table);
    let (cells, items) = table.row(raw.as_object().unwrap());
    Section { table, cells, items }
}
