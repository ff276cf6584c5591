//! Archives in the ustar format of POSIX: whose everything is root's, and from the beginning of time.

use anyhow::{Context, ensure};

const BLOCK: usize = 512;
/// What the name of a header takes.
const NAME_MAX: usize = 100;
/// What eleven octal digits can say.
const SIZE_MAX: usize = 0o77_777_777_777;

/// Adds a folder that everybody may enter.
pub(crate) fn folder(archive: &mut Vec<u8>, name: &str) -> anyhow::Result<()> {
    header(archive, &format!("{name}/"), 0o755, 0, b'5')
}

/// Adds a file.
pub(crate) fn file(
    archive: &mut Vec<u8>,
    name: &str,
    mode: u32,
    content: &[u8],
) -> anyhow::Result<()> {
    header(archive, name, mode, content.len(), b'0')?;
    archive.extend_from_slice(content);
    archive.resize(archive.len().next_multiple_of(BLOCK), 0);
    Ok(())
}

pub(crate) fn end(archive: &mut Vec<u8>) {
    archive.resize(archive.len() + 2 * BLOCK, 0);
}

fn header(
    archive: &mut Vec<u8>,
    name: &str,
    mode: u32,
    size: usize,
    kind: u8,
) -> anyhow::Result<()> {
    ensure!(name.len() <= NAME_MAX && size <= SIZE_MAX, "`{name}` does not fit into an archive");
    let mut block = [0; BLOCK];
    let mut put = |at: usize, text: &str| {
        let place = block.get_mut(at..at + text.len()).context("a field of a header")?;
        place.copy_from_slice(text.as_bytes());
        anyhow::Ok(())
    };
    put(0, name)?;
    put(100, &format!("{mode:07o}"))?;
    put(108, "0000000")?; // user
    put(116, "0000000")?; // group
    put(124, &format!("{size:011o}"))?;
    put(136, "00000000000")?; // time
    put(148, "        ")?; // the checksum counts itself as blanks
    put(257, "ustar")?;
    put(263, "00")?;
    block[156] = kind;
    let checksum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    block[148..156].copy_from_slice(format!("{checksum:06o}\0 ").as_bytes());
    archive.extend_from_slice(&block);
    Ok(())
}
