//! Types that share their name with others of the same crate. Nothing fails on them; where two of
//! them meet in one file, they need names of their own.

use std::collections::BTreeMap;
use std::path::Path;

use super::metadata;
use super::source::Crate;

/// From this many modules on, a name is worth a line.
const MODULES: usize = 3;

/// Lists type names that stand in three or more modules of one crate.
pub(super) fn report(root: &Path) -> anyhow::Result<Vec<String>> {
    let mut lines = Vec::new();
    for first in metadata::targets(root)? {
        let read = |file: &Path| std::fs::read_to_string(root.join(file));
        let it = Crate::read(&first, &read)?;
        lines.extend(
            twins(&it).into_iter().map(|(name, modules)| {
                format!("{}: {name}: {}", first.display(), modules.join(", "))
            }),
        );
    }
    Ok(lines)
}

fn twins(it: &Crate) -> BTreeMap<&str, Vec<String>> {
    let mut twins: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for module in &it.modules {
        for name in &module.types {
            twins.entry(name).or_default().push(module.path.join("::"));
        }
    }
    twins.retain(|_, modules| modules.len() >= MODULES);
    twins
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_three_modules_is_listed_and_one_of_two_is_not() {
        let text = "struct State; struct Form; mod a { enum State {} struct Form; } \
                    mod b { type State = u8; fn form() {} }";
        let it = Crate::read(Path::new("lib.rs"), &|_| Ok(text.into())).unwrap();
        let expected = vec![String::new(), "a".into(), "b".into()];
        assert_eq!(twins(&it), BTreeMap::from([("State", expected)]));
    }
}
