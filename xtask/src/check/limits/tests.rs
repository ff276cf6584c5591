use super::*;

fn all(files: &[(&str, &str)]) -> Vec<Constant> {
    let mut all = Vec::new();
    for (file, text) in files {
        let it = Crate::read(Path::new(file), &|_| Ok((*text).to_owned())).unwrap();
        all.extend(it.modules.iter().flat_map(|module| constants(Path::new(file), module)));
    }
    all
}

#[test]
fn a_limit_is_found_wherever_it_stands_but_in_limits_and_tests() {
    let text = "const A_MAX: u8 = 1; const MIN_B: u8 = 1; struct S; \
                impl S { pub const LIMIT: u8 = 2; } \
                fn f() { const C_LIMITS: [u8; 2] = [1, 2]; const OTHER: u8 = u8::MAX; } \
                mod inside { pub(super) const D_MIN: u8 = 0; } \
                #[cfg(test)] mod tests { const E_MAX: u8 = 1; }";
    let found =
        elsewhere(&all(&[("src/a.rs", text), ("src/limits.rs", "pub const F_MAX: u8 = 1;")]));
    let names: Vec<&str> = found.iter().map(|finding| finding.split('`').nth(1).unwrap()).collect();
    assert_eq!(names, ["A_MAX", "MIN_B", "LIMIT", "C_LIMITS", "D_MIN"]);
    assert!(found[0].starts_with("src/a.rs: `A_MAX` is a limit; move it"), "{}", found[0]);
}

#[test]
fn waits_and_counts_are_limits_too() {
    let text = "const ASK_EVERY: Duration = Duration::from_secs(1); fn f() { const DEEP: usize = 16; } \
                const ASK_TIMES: usize = 20; const SHOWN: &str = \"shown \";";
    let found = elsewhere(&all(&[("src/a.rs", text), ("crates/testkit/src/b.rs", text)]));
    let names: Vec<&str> = found.iter().map(|finding| finding.split('`').nth(1).unwrap()).collect();
    assert_eq!(names, ["ASK_EVERY", "DEEP", "ASK_TIMES"]);
}

#[test]
fn names_that_only_sound_like_bounds_are_left_alone() {
    let text = "const MAXIMUM: u8 = 1; const A_MAXED: u8 = 1; const MINE: u8 = 1;";
    assert_eq!(elsewhere(&all(&[("src/a.rs", text)])), [""; 0]);
}

#[test]
fn two_limits_of_one_name_are_found_with_both_values() {
    let a = "pub const A_MAX: Duration = Duration::from_secs(5); pub const B: u64 = 1 << 20;";
    let b = "pub const A_MAX: Duration = Duration::from_secs(6); pub const B: u64 = 1024 * (1_000 + 24);";
    let found =
        differing(&all(&[("a/limits.rs", a), ("b/limits.rs", b), ("b/c.rs", "const B: u8 = 1;")]));
    let expected = "`A_MAX` has different values; give each a name that says what it bounds:
    Duration::from_secs(5) in a/limits.rs
    Duration::from_secs(6) in b/limits.rs";
    assert_eq!(found, [expected]);
}

#[test]
fn what_is_no_number_is_compared_as_it_is_written() {
    assert_eq!(value("16 * ITEMS"), "16 * ITEMS");
    assert_eq!(value("2 - 3"), "2 - 3");
    assert_eq!(value("0x10 << 2"), "64");
}
