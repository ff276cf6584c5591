//! A report of the program, stored by the program, and looked at in a real browser.
//!
//! The pictures are kept in `target/tmp/dashboard`, for people to look at.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use std::{env, fs};

use ktel_testkit::{real, wait};

use crate::program::program;

/// A demonstration that stays until it is dropped.
pub(crate) struct Demo {
    process: Child,
    _home: tempfile::TempDir,
    /// The address of its charts.
    pub(crate) charts: String,
}

impl Demo {
    pub(crate) fn start() -> Self {
        let home = tempfile::tempdir().unwrap();
        let said = home.path().join("said");
        let mut demo = Command::new(program());
        demo.env_clear().env("HOME", home.path()).args(["demo", "--stay"]);
        demo.stdout(Stdio::null()).stderr(fs::File::create(&said).unwrap());
        let process = demo.spawn().unwrap();
        let mut started = Self { process, _home: home, charts: String::new() };
        let charts = wait::poll(Duration::from_secs(120), || {
            let text = fs::read_to_string(&said).unwrap();
            let line = text.lines().find_map(|line| line.strip_prefix("Charts: "));
            line.and_then(|line| line.split_whitespace().next()).map(str::to_owned).ok_or(text)
        });
        started.charts = charts.unwrap_or_else(|text| panic!("it does not listen: {text}"));
        started
    }
}

impl Demo {
    /// The address of the server.
    pub(crate) fn url(&self) -> &str {
        self.charts.split("/?").next().unwrap()
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        self.process.kill().ok(); // it may have ended
        self.process.wait().ok();
    }
}

pub(crate) struct Browser<'b> {
    chromium: &'b Path,
    profile: tempfile::TempDir,
}

impl<'b> Browser<'b> {
    pub(crate) fn new(chromium: &'b Path) -> Self {
        Self { chromium, profile: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn run(&self, url: &str, more: &[String]) -> Vec<u8> {
        let profile = format!("--user-data-dir={}", self.profile.path().display());
        let mut chromium = Command::new(self.chromium);
        // As root it starts only without its sandbox; what it shows is ours.
        chromium.args(["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]);
        chromium.args(["--no-first-run", "--disable-background-networking", &profile]);
        chromium.args(more).arg(url);
        let output = chromium.stderr(Stdio::null()).output().unwrap();
        assert!(output.status.success(), "chromium: {}", output.status);
        output.stdout
    }

    fn page(&self, url: &str) -> String {
        String::from_utf8(self.run(url, &["--dump-dom".to_owned()])).unwrap()
    }

    /// Gives the picture and how large it is.
    fn picture(&self, url: &str, name: &str, (width, height): (u32, u32)) -> (PathBuf, Vec<u8>) {
        let folder = env::current_exe().unwrap().ancestors().nth(3).unwrap().join("tmp/dashboard");
        fs::create_dir_all(&folder).unwrap();
        let file = folder.join(format!("{name}.png"));
        let size = format!("--window-size={width},{height}");
        self.run(url, &[size, format!("--screenshot={}", file.display())]);
        let bytes = fs::read(&file).unwrap();
        (file, bytes)
    }
}

#[test]
fn a_browser_shows_13_weeks_of_installations_at_the_width_of_a_desk_and_of_a_phone() {
    let [chromium] = real::require(["chromium"]);
    let demo = Demo::start();
    let browser = Browser::new(&chromium);
    let page = browser.page(&demo.charts);
    let count = |what: &str| page.matches(what).count();
    assert!(count("<figure") > 20, "{} charts of the whole catalog", count("<figure"));
    assert!(count("<svg") + 2 > count("<figure"), "each but the table of changes is drawn");
    for title in ["Overview", "Size of the cluster", "Service meshes", "Newest version"] {
        assert!(page.contains(title), "{title}");
    }
    let (_, weeks) = page.split_once("id=\"overview:weeks\"").unwrap();
    let (weeks, _) = weeks.split_once("</svg>").unwrap();
    assert!(weeks.matches("<title>").count() >= 12, "a column for each week that is over: {weeks}");
    // An empty page would make a small picture.
    for (name, size) in [("desk", (1280, 1600)), ("phone", (390, 1600))] {
        let (file, picture) = browser.picture(&demo.charts, name, size);
        assert!(picture.len() > 20_000, "`{}` shows nothing", file.display());
    }
}

#[test]
fn the_picture_of_a_chart_is_drawn_without_its_page() {
    let [chromium] = real::require(["chromium"]);
    let demo = Demo::start();
    let browser = Browser::new(&chromium);
    let chart = "/chart.svg?schema=example/gateway&field=version&product=example-gateway";
    let (file, picture) = browser.picture(&format!("{}{chart}", demo.url()), "chart", (840, 400));
    assert!(picture.len() > 8_000, "`{}` shows nothing", file.display());
}
