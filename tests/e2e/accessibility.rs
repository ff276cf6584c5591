//! Every page, looked at by axe in a real browser: wide and narrow, light and dark.
//!
//! The content security policy lets no foreign script into a page. So the page is stored as a file, with the
//! style of the server within it, and axe is started there.

use std::fs;
use std::path::Path;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ktel_testkit::real;
use serde_json::Value;

use crate::dashboard::{Browser, Demo};
use crate::receiver::Ours;

/// Starts axe, and leaves what it found in the page.
const RUN: &str = "axe.run(document, {resultTypes: ['violations']}).then((found) => {
  const all = found.violations.map((one) => [one.id, one.help, one.nodes.map((node) => node.html)]);
  const text = JSON.stringify({passed: found.passes.length, all});
  const bytes = new TextEncoder().encode(text);
  document.body.dataset.axe = btoa(String.fromCodePoint(...bytes));
});";

struct Checker<'c> {
    curl: &'c Path,
    axe: String,
    browser: Browser<'c>,
    folder: tempfile::TempDir,
}

impl Checker<'_> {
    fn get(&self, url: &str, headers: &[&str]) -> String {
        let mut curl = Command::new(self.curl);
        curl.args(["--silent", "--show-error", url]);
        for header in headers {
            curl.args(["-H", header]);
        }
        let output = curl.output().unwrap();
        assert!(output.status.success(), "{url}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Gives the violations of a page.
    fn violations(&self, root: &str, path: &str, headers: &[&str]) -> Vec<String> {
        let page = self.get(&format!("{root}{path}"), headers);
        assert!(page.contains("<main"), "{path} is no page: {page}");
        let style = self.get(&format!("{root}/dashboard.css"), &[]);
        let mut found = Vec::new();
        for (scheme, style) in [
            ("light", style.clone()),
            ("dark", style.replace("(prefers-color-scheme: dark)", "all")),
        ] {
            for width in [1280, 390] {
                found.extend(self.look(&page, &style, width).into_iter().map(|violation| {
                    format!("{path}, {scheme}, {width} pixels wide: {violation}")
                }));
            }
        }
        found
    }

    fn look(&self, page: &str, style: &str, width: u32) -> Vec<String> {
        let Self { axe, .. } = self;
        let (head, body) = page.split_once("</head>").unwrap();
        let body = body.replace("<script src=\"/dashboard.js\"></script>", "");
        let head = head.replace("href=\"/", "href=\"data:");
        let text = format!(
            "{head}<style>{style}</style></head>{body}<script>{axe}</script><script>{RUN}</script>"
        );
        let file = self.folder.path().join("page.html");
        fs::write(&file, text).unwrap();
        let more = ["--dump-dom", "--virtual-time-budget=60000"].map(str::to_owned);
        let more = [&more[..], &[format!("--window-size={width},2000")]].concat();
        let shown = self.browser.run(&format!("file://{}", file.display()), &more);
        let shown = String::from_utf8(shown).unwrap();
        let (_, found) = shown.split_once("data-axe=\"").expect("axe came to an end");
        let found = STANDARD.decode(found.split('"').next().unwrap()).unwrap();
        let found: Value = serde_json::from_slice(&found).unwrap();
        assert!(found["passed"].as_u64().unwrap() > 5, "axe checked nothing: {found}");
        found["all"].as_array().unwrap().iter().map(ToString::to_string).collect()
    }
}

#[test]
fn no_page_has_a_violation() {
    let [chromium, curl, axe] = real::require(["chromium", "curl", "axe"]);
    let axe = fs::read_to_string(axe).unwrap();
    let (browser, folder) = (Browser::new(&chromium), tempfile::tempdir().unwrap());
    let checker = Checker { curl: &curl, axe, browser, folder };
    let demo = Demo::start();
    let of = "schema=example/gateway&product=example-gateway";
    let pages = [
        "/?product=example-gateway".to_owned(),
        "/?population=unauthenticated".to_owned(),
        "/?product=nothing".to_owned(),
        format!("/chart?{of}&field=version"),
        format!("/chart?{of}&field=features&scale=absolute"),
        format!("/chart?{of}&field=&compare=example-gateway"),
        format!("/embed?{of}&field=provider"),
        "/dictionary".to_owned(),
        "/transparency".to_owned(),
        "/login".to_owned(),
    ];
    let mut found = Vec::new();
    for page in pages {
        found.extend(checker.violations(demo.url(), &page, &["Accept: text/html"]));
    }
    let empty = Ours::start_with(&["--public-page", "acme"]);
    let admin = format!("Authorization: Bearer {}", empty.admin);
    for (page, headers) in [
        ("/", &["Accept: text/html"][..]),
        ("/", &[&admin]),
        ("/?population=unauthenticated", &[&admin]),
        ("/public/acme", &[]),
    ] {
        found.extend(checker.violations(&empty.url, page, headers));
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}
