//! As much of a program's ELF header as tells where it runs, and whether it stands alone.

use anyhow::{Context, bail, ensure};

const HEADER: usize = 64;
/// The type of a program header that names the loader of libraries.
const INTERPRETER: u64 = 3;

/// What an ELF file says of itself.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Program {
    /// In the words of OCI.
    pub(super) architecture: &'static str,
    /// It asks for no loader, and so for no library.
    pub(super) is_static: bool,
}

impl Program {
    /// Reads the headers of a 64-bit little-endian program.
    pub(super) fn parse(bytes: &[u8]) -> anyhow::Result<Self> {
        ensure!(
            bytes.len() > HEADER && bytes.starts_with(b"\x7fELF\x02\x01"),
            "it is no 64-bit little-endian ELF file"
        );
        let architecture = match number(bytes, 18, 2)? {
            62 => "amd64",
            183 => "arm64",
            other => bail!("its machine is number {other}"),
        };
        let (at, size, count) =
            (number(bytes, 32, 8)?, number(bytes, 54, 2)?, number(bytes, 56, 2)?);
        let mut is_static = true;
        for index in 0..count {
            let header = at.checked_add(index * size).context("its headers are out of place")?;
            is_static &= number(bytes, header, 4)? != INTERPRETER;
        }
        Ok(Self { architecture, is_static })
    }
}

fn number(bytes: &[u8], at: u64, length: usize) -> anyhow::Result<u64> {
    let at = usize::try_from(at)?;
    let end = at.checked_add(length).context("its headers are out of place")?;
    let digits = bytes.get(at..end).context("it ends within its headers")?;
    Ok(digits.iter().rev().fold(0, |number, digit| number << 8 | u64::from(*digit)))
}

#[cfg(test)]
mod tests {
    use super::Program;

    /// A program of these types of program headers.
    fn program(machine: u16, types: &[u32]) -> Vec<u8> {
        let mut bytes = vec![0; 64 + 56 * types.len() + 1];
        bytes[..6].copy_from_slice(b"\x7fELF\x02\x01");
        bytes[18..20].copy_from_slice(&machine.to_le_bytes());
        bytes[32] = 64;
        bytes[54] = 56;
        bytes[56] = u8::try_from(types.len()).unwrap();
        for (index, kind) in types.iter().enumerate() {
            let at = 64 + 56 * index;
            bytes[at..at + 4].copy_from_slice(&kind.to_le_bytes());
        }
        bytes
    }

    #[test]
    fn a_loader_is_found_wherever_it_stands() {
        let check = |machine, types: &[u32], expected: Option<(&'static str, bool)>| {
            let expected =
                expected.map(|(architecture, is_static)| Program { architecture, is_static });
            assert_eq!(Program::parse(&program(machine, types)).ok(), expected, "{types:?}");
        };
        check(62, &[1, 1, 2], Some(("amd64", true)));
        check(62, &[1, 1, 3], Some(("amd64", false)));
        check(183, &[3, 1], Some(("arm64", false)));
        check(183, &[], Some(("arm64", true)));
        check(8, &[], None);
    }

    #[test]
    fn what_is_cut_off_is_no_program() {
        let whole = program(62, &[1, 1]);
        assert!(Program::parse(&whole).is_ok());
        for length in 0..64 + 56 {
            assert!(Program::parse(&whole[..length]).is_err(), "{length}");
        }
    }
}
