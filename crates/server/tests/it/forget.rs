//! What is forgotten is nowhere in the folder any more, not even in what is no longer used of it.

use std::path::Path;

use jiff::civil::date;
use ktel_server::store::Place;
use ktel_server::{Catalog, Store};
use serde_json::json;

use crate::support::record;
use crate::widgets::{COUNT, schema, widget};

/// Enough for pages of the tree to be split and joined.
const INSTALLATIONS: u32 = 150;
const ROWS: u32 = 20;

fn id(installation: u32) -> String {
    format!("{installation:08x}-3131-436b-b8f2-9008a49a2f12")
}

fn files_with(folder: &Path, text: &str) -> Vec<String> {
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let holds = |path: &std::path::PathBuf| {
        let bytes = std::fs::read(path).unwrap();
        bytes.windows(text.len()).any(|part| part == text.as_bytes())
    };
    files.filter(holds).map(|path| path.display().to_string()).collect()
}

#[tokio::test]
async fn the_bytes_of_a_forgotten_installation_are_in_no_file() {
    let keep = tempfile::tempdir().unwrap();
    let catalog = Catalog::new([schema("widgets", "90d", COUNT, "")]).unwrap();
    let store = Store::open(&Place::Folder(keep.path().into()), &catalog.tables()).unwrap();
    for round in 0..ROWS {
        let records = (0..INSTALLATIONS).map(|installation| {
            let raw = json!({"who": id(installation), "number": round});
            let number = round * INSTALLATIONS + installation;
            record(&number.to_string(), vec![widget(&catalog, &raw)])
        });
        store.append_all(records.collect()).await.unwrap();
    }
    assert!(!files_with(keep.path(), &id(0)).is_empty());
    for installation in (0..INSTALLATIONS).step_by(6) {
        let forgotten = store.forget(&id(installation)).await.unwrap();
        assert_eq!(forgotten.records, u64::from(ROWS));
        assert!(files_with(keep.path(), &id(installation)).is_empty(), "{installation}");
    }
    assert!(!files_with(keep.path(), &id(1)).is_empty(), "another one stays");
    // What is too old leaves as little.
    store.expire(date(2028, 1, 1)).await.unwrap();
    drop(store);
    assert!(files_with(keep.path(), &id(1)).is_empty());
}
