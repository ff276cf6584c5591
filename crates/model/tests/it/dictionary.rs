//! The dictionary reads well and leaves nothing out.

use ktel_model::Schema;
use ktel_model::standard::dictionary::{describe, describe_field, dictionary};

use super::sample::{TEXT, everything};

#[test]
fn a_field_is_described_for_its_sender() {
    let text = describe_field(everything(), "kubernetes_version").unwrap();
    insta::assert_snapshot!(text, @r#"
    everything.kubernetes_version
      Why            Decides which API versions may be dropped.
      What           a version number: its three numbers and the word of a pre-release, without what vendors add; blurred: its first two numbers and the word of a pre-release
      Example        v1.23.4
      With --coarse  v1.23
      Note           together with other values it could help to tell installations apart
      Until          2027-11-01
    "#);
    assert_eq!(describe_field(everything(), "nodes"), None);
}

#[test]
fn a_field_that_stands_against_another_says_so_everywhere() {
    let text = TEXT.replacen("  uptime:\n", "  uptime:\n    against: pods\n", 1);
    let schema = Schema::parse(&text, "x.yaml").unwrap();
    let said = describe_field(&schema, "uptime").unwrap();
    assert!(said.contains("    Counted with   pods\n"), "{said}");
    assert!(dictionary(&[&schema]).contains("- **Counted with:** `pods`\n"));
    let annotations = &schema.json_schema()["properties"]["uptime"]["x-ktel"];
    assert_eq!(annotations["against"], "pods");
}

#[test]
fn a_field_of_a_record_is_described_too() {
    insta::assert_snapshot!(describe_field(everything(), "datastores.driver").unwrap(), @r#"
    everything.datastores.driver
      Why            Shows which are used.
      What           one of etcd, sqlite (anything else is sent as other)
      Example        etcd
      With --coarse  the same
      Until          2027-11-01
    "#);
}

#[test]
fn the_dictionary_says_why_and_until_when() {
    let text = dictionary(&[everything()]);
    let (head, _) = text.split_once("### `everything` / `build`").unwrap();
    insta::assert_snapshot!(head, @r#"
    # What is collected

    This is everything that can be sent, to the last field. What is not listed here is not sent, except what you pipe in yourself, which stays marked as yours.

    Each field says why it is collected, what it looks like, and until when it is sent; after that day it is no longer sent. With `--coarse` every value is sent in its blurred form.

    What stands around it is listed at the end: [the envelope](#around-a-report), [the batch of events](#around-events), [headers](#headers) and [what other protocols add](#other-protocols).

    | section | what |
    |---|---|
    | [`everything`](#everything) | Everything |

    ## everything

    **Everything.** Which values can a report hold?

    - **What you get from it:** Every kind of value is tested before you ever send one.
    - **Sent:** only when you run the command that sends it, at most once in 24 hours
    - **Kept:** single reports for 90 days, sums over many for 25 months
    - **Read for it:** nodes in the whole cluster: the objects themselves, page by page; /version of the API server
    - **Used for:** tests
    - **It has led to:** kept bool on 2026-09-01 (https://example.com/123)
    - **Ask:** acme-team
    - **Version:** 1.2.3 (development: may still change)

    ### `everything` / `kubernetes_version`

    Decides which API versions may be dropped.

    - **What:** a version number: its three numbers and the word of a pre-release, without what vendors add; blurred: its first two numbers and the word of a pre-release
    - **Example:** `v1.23.4`
    - **With --coarse:** `v1.23`
    - **Note:** together with other values it could help to tell installations apart
    - **Until:** 2027-11-01
    "#);
}

#[test]
fn every_field_stands_in_the_dictionary_and_in_the_description() {
    let (dictionary, description) = (dictionary(&[everything()]), describe(everything()));
    for (path, field) in everything().all_fields() {
        assert!(dictionary.contains(&format!("### `everything` / `{path}`\n\n{}\n", field.why)));
        assert!(description.contains(&format!("  {path}\n")) && description.contains(&field.why));
    }
}
