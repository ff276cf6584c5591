use std::io;

use super::*;

/// Makes a crate of files, each a name and its text, and gives its circles by file names alone.
fn circles_of(files: &[(&str, &str)]) -> Vec<String> {
    let read = |wanted: &Path| {
        let found = files.iter().find(|(name, _)| Path::new(name) == wanted);
        found.map(|(_, text)| (*text).to_owned()).ok_or(io::ErrorKind::NotFound.into())
    };
    let found = circles(&Crate::read(Path::new("lib.rs"), &read).unwrap());
    found
        .iter()
        .map(|finding| {
            let line = finding.lines().next().unwrap();
            line.strip_prefix("import circle: ").unwrap().to_owned()
        })
        .collect()
}

#[track_caller]
fn none(files: &[(&str, &str)]) {
    assert_eq!(circles_of(files), [""; 0]);
}

#[track_caller]
fn one(files: &[(&str, &str)], circle: &str) {
    assert_eq!(circles_of(files), [circle]);
}

#[test]
fn a_parent_that_uses_its_child_is_no_circle() {
    none(&[("lib.rs", "mod a; use a::f; fn g() { f() }"), ("a.rs", "pub fn f() {}")]);
}

#[test]
fn a_child_and_its_parent_that_use_each_other_are_a_circle() {
    one(
        &[
            ("lib.rs", "mod a; struct X; fn g() { a::f() }"),
            ("a.rs", "use super::X; pub fn f() {}"),
        ],
        "lib.rs -> a.rs -> lib.rs",
    );
}

#[test]
fn the_way_of_every_circle_is_described() {
    let files = [("lib.rs", "mod a; struct X; fn g() { a::f() }"), ("a.rs", "use super::X;")];
    let read = |wanted: &Path| {
        Ok(files.iter().find(|(name, _)| Path::new(name) == wanted).unwrap().1.to_owned())
    };
    let found = circles(&Crate::read(Path::new("lib.rs"), &read).unwrap());
    let expected = "import circle: lib.rs -> a.rs -> lib.rs
    lib.rs names `a::f` of a.rs
    a.rs names `super::X` of lib.rs
    move what both need to a file of its own, or pass it as an argument";
    assert_eq!(found, [expected]);
}

#[test]
fn a_circle_of_three_siblings_is_found_whatever_form_the_paths_have() {
    let lib = "mod a; mod b; mod c;";
    let (a, b) = ("use crate::{b::{self, X as Y}};", "fn f() { super::c::g::<u8>() }");
    let c = "fn g() { assert!(crate::a::H) }";
    let expected = "a.rs -> b.rs -> c.rs -> a.rs";
    one(&[("lib.rs", lib), ("a.rs", a), ("b.rs", b), ("c.rs", c)], expected);
}

#[test]
fn a_name_is_imported_from_the_file_that_defines_it() {
    let lib = "mod a; mod b; pub use a::{X as Y}; pub use b::*; struct Z;";
    none(&[("lib.rs", lib), ("a.rs", "pub struct X;"), ("b.rs", "use crate::Y; pub struct W;")]);
    let (a, b) = ("use crate::W; pub struct X;", "use crate::Y; pub struct W;");
    one(&[("lib.rs", lib), ("a.rs", a), ("b.rs", b)], "a.rs -> b.rs -> a.rs");
}

#[test]
fn a_re_export_is_an_import_where_the_file_uses_the_name() {
    let a = ("a.rs", "use super::Z; pub struct X;");
    none(&[("lib.rs", "mod a; pub use a::X; struct Z;"), a]);
    let lib = "mod a; pub use a::X; struct Z(X);";
    one(&[("lib.rs", lib), a], "lib.rs -> a.rs -> lib.rs");
    none(&[("lib.rs", "mod a; pub use a::X; struct Z; fn f(z: Z) { z.X }"), a]);
}

#[test]
fn an_imported_module_is_followed_to_what_is_named_of_it() {
    let lib = "mod a; mod b;";
    let b = ("b.rs", "use crate::a::f; struct X;");
    none(&[("lib.rs", lib), ("a.rs", "use crate::b; fn f() {}"), b]);
    let a = ("a.rs", "use crate::b as other; fn f() { other::X }");
    one(&[("lib.rs", lib), a, b], "a.rs -> b.rs -> a.rs");
}

#[test]
fn a_function_with_the_name_of_its_module_is_imported_as_the_function() {
    let lib = "mod a; use a::a; struct X;";
    none(&[("lib.rs", lib), ("a.rs", "pub fn a() {}")]);
    one(&[("lib.rs", lib), ("a.rs", "use super::X; pub fn a() {}")], "lib.rs -> a.rs -> lib.rs");
}

#[test]
fn a_re_exported_function_with_the_name_of_its_module_is_imported_as_the_function() {
    let lib = "mod a; mod b; pub(crate) use a::a;";
    let a = ("a.rs", "use crate::b::X; pub fn a() {}");
    none(&[("lib.rs", lib), a, ("b.rs", "pub struct X;")]);
    let b = ("b.rs", "use crate::a; pub struct X; fn f() { a() }");
    one(&[("lib.rs", lib), a, b], "a.rs -> b.rs -> a.rs");
}

#[test]
fn modules_within_a_file_are_the_same_file() {
    none(&[("lib.rs", "mod a { use super::X; pub struct Y; } struct X(a::Y);")]);
}

#[test]
fn tests_visibilities_and_other_crates_are_no_imports() {
    let lib = "mod a; mod tests; #[cfg(test)] mod b; #[cfg(test)] use a::f; struct X; \
               #[cfg(all(test, unix))] fn g() { a::f() }";
    let a = "use super::X; pub(in crate::a) fn f() { ::a::f(); std::a::f(); } #[cfg(test)] mod t { use crate::b; }";
    none(&[("lib.rs", lib), ("a.rs", a)]);
    let lib = "mod a; struct X; #[cfg(not(test))] fn g() { a::f() }";
    one(&[("lib.rs", lib), ("a.rs", a)], "lib.rs -> a.rs -> lib.rs");
}

#[test]
fn re_exports_that_name_each_other_end() {
    none(&[
        ("lib.rs", "mod a; mod b;"),
        ("a.rs", "pub use super::b::X; pub use super::b::*;"),
        ("b.rs", "pub use super::a::X; pub use super::a::*; fn f() { super::a::Y }"),
    ]);
}
