//! A click in a real browser, and the file that it downloads.
//!
//! The browser is driven by the DevTools protocol over two pipes: messages are JSON, with a zero byte after each.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use ktel_testkit::{real, wait};
use serde_json::{Value, json};

use crate::dashboard::Demo;

const SOON: Duration = Duration::from_secs(60);
/// Clicks the link to the PNG, if the script has put it there.
const CLICK: &str = "(() => {
  const link = [...document.querySelectorAll('a')].find((a) => a.textContent === 'PNG');
  link?.click();
  return link !== undefined;
})()";

/// A browser that does what it is asked; it ends with the test.
struct Driven {
    process: Child,
    input: File,
    /// What it answers and tells, in order.
    messages: Receiver<Value>,
    calls: u64,
    place: tempfile::TempDir,
}

impl Driven {
    fn start(chromium: &Path) -> Self {
        let place = tempfile::tempdir().unwrap();
        let pipes = ["input", "output"].map(|name| place.path().join(name));
        assert!(Command::new("mkfifo").args(&pipes).status().unwrap().success());
        let mut shell = Command::new("sh");
        // It reads from 3 and writes to 4.
        shell.args([
            "-c",
            "input=$1 output=$2; shift 2; exec \"$@\" 3<\"$input\" 4>\"$output\"",
            "sh",
        ]);
        shell.args(&pipes).arg(chromium).arg("--remote-debugging-pipe");
        // As root it starts only without its sandbox; what it shows is ours.
        shell.args(["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"]);
        shell.arg("--disable-background-networking");
        shell.arg(format!("--user-data-dir={}", place.path().join("profile").display()));
        let process = shell.stdin(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let input = File::options().write(true).open(&pipes[0]).unwrap();
        let mut output = BufReader::new(File::open(&pipes[1]).unwrap());
        let (sender, messages) = mpsc::channel();
        // A read of a pipe has no time limit, a receiver has one. It ends with the browser.
        thread::spawn(move || {
            let mut message = Vec::new();
            while output.read_until(0, &mut message).is_ok() && message.pop() == Some(0) {
                let value = serde_json::from_slice(&message).expect("the browser speaks JSON");
                if sender.send(value).is_err() {
                    return;
                }
                message.clear();
            }
        });
        Self { process, input, messages, calls: 0, place }
    }

    /// The next message that is looked for; all before it are dropped.
    fn message(&self, what: &str, is_it: impl Fn(&Value) -> bool) -> Value {
        loop {
            let message = self.messages.recv_timeout(SOON);
            let message = message.unwrap_or_else(|error| panic!("{what}: {error}"));
            if is_it(&message) {
                return message;
            }
        }
    }

    /// Calls a method, of a page if its session is given.
    fn call(&mut self, session: Option<&Value>, method: &str, parameters: &Value) -> Value {
        self.calls += 1;
        let mut call = json!({"id": self.calls, "method": method, "params": parameters});
        if let Some(session) = session {
            call["sessionId"] = session.clone();
        }
        self.input.write_all(format!("{call}\0").as_bytes()).unwrap();
        let answer = self.message(method, |message| message["id"] == self.calls);
        assert!(answer["error"].is_null(), "{method}: {answer}");
        answer["result"].clone()
    }

    /// Opens a page, clicks its link to a PNG, and gives the file that this downloads.
    fn png_of(&mut self, url: &str) -> PathBuf {
        let downloads = self.place.path().join("downloads");
        fs::create_dir(&downloads).unwrap();
        let allow = json!({"behavior": "allow", "downloadPath": downloads, "eventsEnabled": true});
        self.call(None, "Browser.setDownloadBehavior", &allow);
        let page = self.call(None, "Target.createTarget", &json!({"url": url}));
        let attach = json!({"targetId": page["targetId"], "flatten": true});
        let session = self.call(None, "Target.attachToTarget", &attach)["sessionId"].clone();
        let click = json!({"expression": CLICK});
        // The link appears when the script has run. The call whose click succeeds is the last one.
        wait::until("the page offers a PNG", SOON, || {
            self.call(Some(&session), "Runtime.evaluate", &click)["result"]["value"] == true
        });
        // The file has its name before it has its bytes, so the browser says when it is complete.
        self.message("the download is complete", |message| {
            message["method"] == "Browser.downloadProgress"
                && message["params"]["state"] == "completed"
        });
        let mut files = fs::read_dir(&downloads).unwrap().map(|file| file.unwrap().path());
        files.next().expect("a download leaves a file")
    }
}

impl Drop for Driven {
    fn drop(&mut self) {
        self.process.kill().ok(); // it may have ended
        self.process.wait().ok();
    }
}

/// The width and height of an SVG that says how wide it is, and how high it is by its `viewBox`.
fn size(svg: &str) -> [u32; 2] {
    let value = |name: &str| {
        let (_, rest) = svg.split_once(&format!(" {name}=\"")).expect("it has a size");
        rest.split('"').next().unwrap()
    };
    let width: u32 = value("width").parse().unwrap();
    let sides: Vec<u32> = value("viewBox").split(' ').map(|side| side.parse().unwrap()).collect();
    [width, width * sides[3] / sides[2]]
}

#[test]
fn a_click_downloads_the_chart_as_a_png_of_twice_its_size() {
    let [chromium, curl] = real::require(["chromium", "curl"]);
    let demo = Demo::start();
    let address = "schema=example/gateway&field=version&product=example-gateway";
    let mut browser = Driven::start(&chromium);
    let file = browser.png_of(&format!("{}/chart?{address}", demo.url()));
    let png = fs::read(&file).unwrap();
    assert!(png.starts_with(b"\x89PNG\r\n\x1a\n"), "`{}` is no PNG", file.display());
    let svg = format!("{}/chart.svg?{address}", demo.url());
    let svg = Command::new(curl).args(["--silent", "--fail", &svg]).output().unwrap().stdout;
    let [width, height] = size(&String::from_utf8(svg).unwrap());
    let number = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().unwrap());
    assert_eq!([number(16), number(20)], [2 * width, 2 * height]);
    // A picture of one colour has hundreds of bytes.
    assert!(png.len() > 20_000, "`{}` shows nothing", file.display());
    let name = file.file_name().unwrap().to_string_lossy();
    assert!(name.contains("version"), "{name} names the chart");
}
