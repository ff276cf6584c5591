//! The modules of a crate, as the checks see them: without comments and without test modules.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::Context;
use proc_macro2::{Spacing, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Attribute, Item, UseTree, Visibility};

/// One token; what stands in brackets follows its opening bracket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// A name or a keyword.
    Word(String),
    /// The `::` of a path.
    PathSeparator,
    /// Any other sign, with brackets.
    Sign(char),
    /// A text or a number.
    Literal(String),
}

/// One name that a module imports.
#[derive(Debug)]
pub(super) struct Import {
    /// The path as it is written, with the name itself.
    pub(super) path: Vec<String>,
    /// Whether others see the name in this module.
    pub(super) is_re_export: bool,
}

/// One module; several stand in the same file where they are written inline.
#[derive(Debug)]
pub(super) struct Module {
    /// The file, as an index of [`Crate::files`].
    pub(super) file: usize,
    /// The path within the crate.
    pub(super) path: Vec<String>,
    /// The module around it, as an index of [`Crate::modules`].
    pub(super) parent: Option<usize>,
    /// The modules within it.
    pub(super) children: BTreeMap<String, usize>,
    /// Imported names.
    pub(super) imports: BTreeMap<String, Import>,
    /// What is imported with `*`.
    pub(super) globs: Vec<Import>,
    /// Names of items that stand here.
    pub(super) items: BTreeSet<String>,
    /// Names of types that stand here.
    pub(super) types: BTreeSet<String>,
    /// Everything but imports and modules.
    pub(super) tokens: Vec<Token>,
}

/// All modules of one target.
#[derive(Debug, Default)]
pub(super) struct Crate {
    /// Files, relative to the repository.
    pub(super) files: Vec<PathBuf>,
    /// Modules; the first is the root.
    pub(super) modules: Vec<Module>,
}

/// Reads a file, relative to the repository.
pub(super) type Read<'a> = &'a dyn Fn(&Path) -> std::io::Result<String>;

impl Crate {
    /// Reads the modules of the target whose first file this is.
    pub(super) fn read(first: &Path, read: Read<'_>) -> anyhow::Result<Self> {
        let mut it = Self::default();
        let directory = first.parent().unwrap_or(Path::new(""));
        it.add_file(first, directory, None, Vec::new(), read)?;
        Ok(it)
    }

    fn add_file(
        &mut self,
        file: &Path,
        directory: &Path,
        parent: Option<usize>,
        path: Vec<String>,
        read: Read<'_>,
    ) -> anyhow::Result<usize> {
        let text = read(file).with_context(|| format!("read `{}`", file.display()))?;
        let parsed =
            syn::parse_file(&text).with_context(|| format!("parse `{}`", file.display()))?;
        self.files.push(file.to_path_buf());
        let module = Module::new(self.files.len() - 1, parent, path);
        self.add(module, directory, parsed.items, read)
    }

    fn add(
        &mut self,
        module: Module,
        directory: &Path,
        items: Vec<Item>,
        read: Read<'_>,
    ) -> anyhow::Result<usize> {
        let here = self.modules.len();
        self.modules.push(module);
        for item in items {
            match item {
                Item::Mod(module) if is_for_tests(&module.attrs) => {}
                Item::Mod(module) => {
                    let name = module.ident.to_string();
                    let inside = directory.join(&name);
                    let path =
                        [self.modules[here].path.as_slice(), std::slice::from_ref(&name)].concat();
                    let child = match module.content {
                        Some((_, items)) => {
                            let file = self.modules[here].file;
                            let module = Module::new(file, Some(here), path);
                            self.add(module, &inside, items, read)?
                        }
                        None if name == "tests" => continue,
                        None => {
                            let file = inside.with_extension("rs");
                            self.add_file(&file, &inside, Some(here), path, read)?
                        }
                    };
                    self.modules[here].children.insert(name, child);
                }
                item => self.modules[here].add(item),
            }
        }
        Ok(here)
    }
}

impl Module {
    fn new(file: usize, parent: Option<usize>, path: Vec<String>) -> Self {
        Self {
            file,
            path,
            parent,
            children: BTreeMap::new(),
            imports: BTreeMap::new(),
            globs: Vec::new(),
            items: BTreeSet::new(),
            types: BTreeSet::new(),
            tokens: Vec::new(),
        }
    }

    fn add(&mut self, item: Item) {
        let (attributes, name, is_type) = match &item {
            Item::Use(import) => {
                if !is_for_tests(&import.attrs) {
                    let is_re_export = !matches!(import.vis, Visibility::Inherited);
                    self.import(&import.tree, &mut Vec::new(), is_re_export);
                }
                return;
            }
            Item::Const(item) => (&item.attrs, Some(&item.ident), false),
            Item::Enum(item) => (&item.attrs, Some(&item.ident), true),
            Item::Fn(item) => (&item.attrs, Some(&item.sig.ident), false),
            Item::Impl(item) => (&item.attrs, None, false),
            Item::Macro(item) => (&item.attrs, item.ident.as_ref(), false),
            Item::Static(item) => (&item.attrs, Some(&item.ident), false),
            Item::Struct(item) => (&item.attrs, Some(&item.ident), true),
            Item::Trait(item) => (&item.attrs, Some(&item.ident), true),
            Item::Type(item) => (&item.attrs, Some(&item.ident), true),
            Item::Union(item) => (&item.attrs, Some(&item.ident), true),
            other => {
                flatten(other.to_token_stream(), &mut self.tokens);
                return;
            }
        };
        if is_for_tests(attributes) {
            return;
        }
        self.items.extend(name.map(ToString::to_string));
        self.types.extend(name.filter(|_| is_type).map(ToString::to_string));
        flatten(item.to_token_stream(), &mut self.tokens);
    }

    fn import(&mut self, tree: &UseTree, before: &mut Vec<String>, is_re_export: bool) {
        match tree {
            UseTree::Path(path) => {
                before.push(path.ident.to_string());
                self.import(&path.tree, before, is_re_export);
                before.pop();
            }
            UseTree::Name(name) if name.ident == "self" => {
                let name = before.last().cloned();
                self.imports
                    .extend(name.map(|name| (name, Import { path: before.clone(), is_re_export })));
            }
            UseTree::Name(name) => {
                let name = name.ident.to_string();
                let path = [before.as_slice(), std::slice::from_ref(&name)].concat();
                self.imports.insert(name, Import { path, is_re_export });
            }
            UseTree::Rename(rename) => {
                let mut path = before.clone();
                if rename.ident != "self" {
                    path.push(rename.ident.to_string());
                }
                // `as _` brings a trait, and several of them may stand in one module.
                let name = match rename.rename.to_string().as_str() {
                    "_" => format!("_ {}", path.join("::")),
                    name => name.to_owned(),
                };
                self.imports.insert(name, Import { path, is_re_export });
            }
            UseTree::Glob(_) => self.globs.push(Import { path: before.clone(), is_re_export }),
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.import(tree, before, is_re_export);
                }
            }
        }
    }
}

/// Says whether an item is compiled for tests only.
fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().filter(|attribute| attribute.path().is_ident("cfg")).any(|attribute| {
        let mut tokens = Vec::new();
        flatten(attribute.meta.to_token_stream(), &mut tokens);
        let has = |word: &str| tokens.contains(&Token::Word(word.into()));
        has("test") && !has("not") && !has("any")
    })
}

/// Writes tokens in the order of the text.
pub(super) fn flatten(stream: TokenStream, tokens: &mut Vec<Token>) {
    let mut trees = stream.into_iter().peekable();
    while let Some(tree) = trees.next() {
        match tree {
            TokenTree::Ident(ident) => tokens.push(Token::Word(ident.to_string())),
            TokenTree::Literal(literal) => tokens.push(Token::Literal(literal.to_string())),
            TokenTree::Punct(sign) if sign.as_char() == ':' && sign.spacing() == Spacing::Joint => {
                trees.next();
                tokens.push(Token::PathSeparator);
            }
            TokenTree::Punct(sign) => tokens.push(Token::Sign(sign.as_char())),
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    proc_macro2::Delimiter::Parenthesis => ('(', ')'),
                    proc_macro2::Delimiter::Brace => ('{', '}'),
                    proc_macro2::Delimiter::Bracket => ('[', ']'),
                    // What a macro put together; such groups are not in the text.
                    proc_macro2::Delimiter::None => (' ', ' '),
                };
                tokens.push(Token::Sign(open));
                flatten(group.stream(), tokens);
                tokens.push(Token::Sign(close));
            }
        }
    }
}
