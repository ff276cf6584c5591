//! Bounds, ages, drops and files of a spool.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ktel_delivery::Parcel;
use ktel_delivery::spool::{Bounds, Cursor, Disk, Drop, Durability, Error, Full, Settings, Spool};

use crate::faulty::Faulty;

const NOW: Duration = Duration::from_secs(1_000_000);

fn settings(full: Full) -> Settings {
    let bounds = Bounds { bytes: 256 * 1024, parcels: 1000, age: Duration::from_secs(100) };
    Settings { bounds, full, durability: Durability::Written }
}

fn parcel(bytes: usize) -> Parcel {
    let (to, key, content_type) = ("there".into(), "key".into(), "text/plain".into());
    Parcel { to, key, content_type, body: vec![7; bytes].into() }
}

fn count(spool: &Spool, now: Duration) -> usize {
    let mut cursor = Cursor::default();
    std::iter::from_fn(|| spool.next(&mut cursor, now).unwrap()).count()
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn a_full_spool_rejects_before_it_writes() {
    let directory = tempfile::tempdir().unwrap();
    let spool = Spool::in_directory(directory.path().join("s"), settings(Full::RejectNew));
    let mut pushed = 0;
    let error = loop {
        match spool.push(&parcel(5000), NOW) {
            Ok(_) => pushed += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(error, Error::Full { parcels, .. } if parcels == pushed), "{error:?}");
    assert!((50..53).contains(&pushed), "{pushed}");
    assert_eq!(spool.status().unwrap().parcels, pushed);
    let held: u64 = files(&directory.path().join("s"));
    assert!(held <= 256 * 1024, "{held}");
    assert!(matches!(spool.push(&parcel(300_000), NOW), Err(Error::TooLarge { .. })));
}

#[test]
fn many_are_kept_together_or_not_at_all() {
    for full in [Full::RejectNew, Full::DropOldest] {
        let spool = Spool::in_memory(settings(full));
        assert_eq!(spool.push_all(&[], NOW).unwrap(), 0..0);
        let first = spool.push(&parcel(5000), NOW).unwrap();
        let many = vec![parcel(5000); 45];
        assert_eq!(spool.push_all(&many, NOW).unwrap(), first + 1..first + 46);
        let again = spool.push_all(&many, NOW);
        match full {
            Full::RejectNew => assert!(matches!(again, Err(Error::Full { parcels: 46, .. }))),
            Full::DropOldest => assert_eq!(again.unwrap(), first + 46..first + 91),
        }
        let waiting = spool.status().unwrap();
        assert_eq!(waiting.parcels as usize, count(&spool, NOW));
        assert!((45..52).contains(&waiting.parcels), "{full:?}: {waiting:?}");
        // More than ever fit: neither for room nor by their number.
        for too_many in [vec![parcel(5000); 60], vec![parcel(1); 1001]] {
            let error = spool.push_all(&too_many, NOW).unwrap_err();
            assert!(matches!(error, Error::Full { .. }), "{error:?}");
        }
        let one_too_large = [parcel(1), parcel(300_000)];
        assert!(matches!(spool.push_all(&one_too_large, NOW), Err(Error::TooLarge { .. })));
        assert_eq!(spool.status().unwrap(), waiting, "nothing of them was kept");
    }
}

/// Its checksum is right, and its number is that of nobody here.
#[test]
fn a_record_that_cannot_be_where_it_is_costs_nothing() {
    let disk = Faulty::default();
    let spool = Spool::on(Arc::new(disk.clone()) as Arc<dyn Disk>, settings(Full::RejectNew));
    let id = spool.push(&parcel(10), NOW).unwrap();
    let length = disk.files().unwrap().iter().find(|(name, _)| name.ends_with(".log")).unwrap().1;
    let log = disk.read("0000000000000000.log", 0, length).unwrap();
    for number in [2_097_865_012_304_223_517_u64, 1 << 21, 7, u64::MAX] {
        let mut foreign = log.clone();
        foreign[8..16].copy_from_slice(&number.to_le_bytes());
        let sum = crc32c::crc32c(&foreign[4..]).to_le_bytes();
        foreign[..4].copy_from_slice(&sum);
        disk.append("0000000000000000.log", &foreign, Durability::Written).unwrap();
        // Behind it, as if another segment began there.
        disk.append(&format!("{:016x}.log", number - 1), &[], Durability::Written).unwrap();
        assert_eq!(count(&spool, NOW), 1, "{number}");
        disk.remove(&format!("{:016x}.log", number - 1)).unwrap();
    }
    assert_eq!(spool.push(&parcel(10), NOW).unwrap(), id + 1);
    assert_eq!(count(&spool, NOW), 2);
}

fn files(directory: &Path) -> u64 {
    std::fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().metadata().unwrap().len())
        .sum()
}

#[test]
fn a_spool_that_drops_the_oldest_counts_them() {
    let directory = tempfile::tempdir().unwrap();
    let spool = Spool::in_directory(directory.path(), settings(Full::DropOldest));
    let ids: Vec<u64> = (0..100).map(|_| spool.push(&parcel(5000), NOW).unwrap()).collect();
    let status = spool.status().unwrap();
    assert_eq!(status.parcels + status.drops.of(Drop::Full), 100);
    assert!(status.parcels >= 40 && status.bytes <= 256 * 1024, "{status:?}");
    let first = spool.next(&mut Cursor::default(), NOW).unwrap().unwrap();
    assert_eq!(first.id, ids[100 - usize::try_from(status.parcels).unwrap()], "the oldest went");
}

#[test]
fn the_count_is_bounded_too() {
    let directory = tempfile::tempdir().unwrap();
    let spool = Spool::in_directory(directory.path(), settings(Full::RejectNew));
    for _ in 0..1000 {
        spool.push(&parcel(1), NOW).unwrap();
    }
    assert!(matches!(spool.push(&parcel(1), NOW), Err(Error::Full { parcels: 1000, .. })));
    spool.acknowledge(&[17]).unwrap();
    spool.push(&parcel(1), NOW).unwrap();
}

#[test]
fn what_is_too_old_is_dropped_counted_and_never_given() {
    let directory = tempfile::tempdir().unwrap();
    let spool = Spool::in_directory(directory.path(), settings(Full::RejectNew));
    for second in 0..10 {
        spool.push(&parcel(10), NOW + Duration::from_secs(second * 10)).unwrap();
    }
    assert_eq!(count(&spool, NOW + Duration::from_secs(100)), 10);
    assert_eq!(count(&spool, NOW + Duration::from_secs(131)), 6);
    assert_eq!(spool.status().unwrap().drops.of(Drop::Expired), 4);
    // A push makes room by age as well, so that a spool that nobody reads still forgets.
    spool.push(&parcel(10), NOW + Duration::from_secs(10_000)).unwrap();
    assert_eq!(spool.status().unwrap().parcels, 1);
    assert_eq!(count(&spool, Duration::ZERO), 1, "a clock set back makes nothing old");
}

#[test]
fn files_are_for_their_owner_alone_and_an_empty_spool_has_none() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("state/spool");
    let spool = Spool::in_directory(&path, settings(Full::RejectNew));
    assert_eq!(spool.status().unwrap().parcels, 0);
    assert_eq!(count(&spool, NOW), 0);
    assert_eq!(spool.acknowledge(&[1]).unwrap(), 0);
    assert_eq!(spool.clear().unwrap(), 0);
    assert!(!directory.path().join("state").exists(), "looking at it made it");
    spool.push(&parcel(10), NOW).unwrap();
    spool.push(&parcel(10), NOW).unwrap();
    spool.acknowledge(&[0]).unwrap();
    assert_eq!(mode(&path), 0o700);
    for file in std::fs::read_dir(&path).unwrap() {
        let path = file.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
}

#[test]
fn an_id_is_never_used_again_even_when_all_is_done() {
    let directory = tempfile::tempdir().unwrap();
    let spool = Spool::in_directory(directory.path(), settings(Full::RejectNew));
    for expected in 0..5 {
        let id = spool.push(&parcel(10), NOW).unwrap();
        assert_eq!(id, expected);
        assert_eq!(spool.acknowledge(&[id]).unwrap(), 1);
        assert_eq!(spool.acknowledge(&[id]).unwrap(), 0, "only once");
    }
    spool.push(&parcel(10), NOW).unwrap();
    assert_eq!(spool.clear().unwrap(), 1);
    assert_eq!(spool.push(&parcel(10), NOW).unwrap(), 6);
    assert_eq!(spool.status().unwrap().drops.of(Drop::Cleared), 1);
}

#[test]
fn a_push_after_a_push_does_not_look_at_the_rest() {
    let disk = Faulty::default();
    let spool = |durability| {
        Spool::on(Arc::new(disk.clone()), Settings { durability, ..settings(Full::RejectNew) })
    };
    let looks = |durability| {
        let before = disk.looks();
        spool(durability).push(&parcel(10), NOW).unwrap();
        disk.looks() - before
    };
    assert!(looks(Durability::Written) > 0, "the first one has to");
    assert_eq!(looks(Durability::Written), 0);
    assert!(looks(Durability::Synced) > 0, "the note is not synced with the parcels");
    assert!(looks(Durability::Written) > 0, "the note was taken away");
    spool(Durability::Written).acknowledge(&[1]).unwrap();
    assert!(looks(Durability::Written) > 0, "the note was taken away");
    assert_eq!(count(&spool(Durability::Written), NOW), 4);
}

#[test]
fn a_reader_sees_what_comes_while_it_reads() {
    let directory = tempfile::tempdir().unwrap();
    let spool = Spool::in_directory(directory.path(), settings(Full::RejectNew));
    let mut cursor = Cursor::default();
    assert_eq!(spool.next(&mut cursor, NOW).unwrap(), None);
    for expected in 0..3 {
        spool.push(&parcel(10), NOW).unwrap();
        assert_eq!(spool.next(&mut cursor, NOW).unwrap().unwrap().id, expected);
        assert_eq!(spool.next(&mut cursor, NOW).unwrap(), None);
    }
}
