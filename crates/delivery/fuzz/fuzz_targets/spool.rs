//! Whatever lies in its files, a spool neither panics nor grows past its bounds, and works on.
#![no_main]

use std::sync::Arc;
use std::time::Duration;

use ktel_delivery::Parcel;
use ktel_delivery::spool::{Bounds, Cursor, Disk, Durability, Full, Memory, Settings, Spool};
use libfuzzer_sys::fuzz_target;

const NOW: Duration = Duration::from_secs(1000);
const BYTES: u64 = 64 * 1024;

fuzz_target!(|files: (&[u8], &[u8], &[u8])| {
    let disk = Memory::default();
    let names = ["0000000000000000.log", "0000000000000000.acks", "drops"];
    let (log, acks, drops) = files;
    for (name, content) in names.into_iter().zip([log, acks, drops]) {
        disk.append(name, content, Durability::Written).expect("memory takes all");
    }
    let bounds = Bounds { bytes: BYTES, parcels: 100, age: Duration::from_secs(100) };
    let settings = Settings { bounds, full: Full::DropOldest, durability: Durability::Written };
    let spool = Spool::on(Arc::new(disk), settings);
    let waiting = || {
        let mut cursor = Cursor::default();
        let mut ids = Vec::new();
        while let Some(stored) = spool.next(&mut cursor, NOW).expect("memory gives all") {
            ids.push(stored.id);
        }
        ids
    };
    let before = waiting();
    assert!(before.is_sorted(), "{before:?}");
    let (to, key, content_type) = ("there".into(), "key".into(), "text/plain".into());
    let parcel = Parcel { to, key, content_type, body: bytes::Bytes::from_static(b"here") };
    // Only a file whose numbers have come to their end has no room for one more.
    if let Ok(id) = spool.push(&parcel, NOW) {
        let now = waiting();
        assert_eq!(now.last(), Some(&id));
        assert!(now.len() <= 100, "{} wait", now.len());
        assert!(spool.status().expect("a status").bytes <= BYTES);
        assert_eq!(spool.acknowledge(&[id]).expect("an acknowledgement"), 1);
        assert!(!waiting().contains(&id));
    }
    spool.clear().expect("it can be cleared");
    assert_eq!(spool.status().expect("a status").parcels, 0);
});
