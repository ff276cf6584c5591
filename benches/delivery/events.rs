//! One event per command: off, on, with a server that never answers, and many in one upload.

use std::ffi::OsString;
use std::fs;
use std::hint::black_box;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use anyhow::Context;
use jiff::Timestamp;
use ktel::destination::ReportServer;
use ktel::event::{Ending, Event, Outcome, Version, Vocabulary};
use ktel::product_file::ProductFile;
use ktel::recorder::{Fate, Recorder};
use ktel::sink::{Record, Sink, SpoolSink};
use ktel::telemetry::Telemetry;
use ktel::uploader::Uploader;
use ktel_delivery::gzip::compress;
use ktel_testkit::capture::BlackHole;

use crate::page::{line, micros, percentile};

const ROUNDS: usize = 5000;
const EVENTS: usize = 100;
/// How long kongctl waits for a sink before it leaves.
const KONGCTL_FLUSH: Duration = Duration::from_millis(500);
const COMMANDS: [&str; 6] = ["get apis", "get services", "get routes", "plan", "apply", "login"];

pub(crate) fn lines(out: &mut String) -> anyhow::Result<()> {
    off(out)?;
    on(out)?;
    black_hole(out)?;
    compressed(out)
}

fn now() -> Timestamp {
    Timestamp::from_second(1_790_000_000).expect("a time in this century")
}

fn product(server: &str) -> anyhow::Result<ProductFile> {
    let text = format!(
        "ktel: 1\nname: acme\nconsent: opt-out\nserver: {server}\ncommands: [{}]\n\
         notice: {{text: Counts., stood: {{place: installer, reference: here}}}}\n",
        COMMANDS.join(", ")
    );
    ProductFile::parse(&text, "acme.yaml", &|_| Err(std::io::ErrorKind::NotFound.into()))
        .context("read the product")
}

fn finish(recorder: &Recorder) -> Fate {
    recorder.set_command("acme get apis");
    let ending = Ending { outcome: Outcome::Success, error_category: None, duration: None };
    recorder.finalize(ending, now());
    recorder.close()
}

/// Off by the flag, by a variable, and by the preference file.
fn off(out: &mut String) -> anyhow::Result<()> {
    let product = product("https://example.com")?;
    let place = tempfile::tempdir()?;
    let home = place.path().to_owned();
    let preference = home.join(".config/ktel/acme/preference");
    fs::create_dir_all(preference.parent().context("a directory")?)?;
    let measure = |flag: bool, environment: &dyn Fn(&str) -> Option<OsString>| {
        let telemetry = Telemetry::of(&product, environment).no_telemetry(flag);
        let mut times = Vec::with_capacity(ROUNDS);
        for _ in 0..ROUNDS {
            let start = Instant::now();
            let recorder = telemetry.recorder("1.2.3", None, None, now);
            black_box(finish(&recorder));
            times.push(start.elapsed());
        }
        percentile(&mut times, 0.5)
    };
    let plain = |name: &str| (name == "HOME").then(|| home.clone().into_os_string());
    let tracked = |name: &str| match name {
        "DO_NOT_TRACK" => Some("1".into()),
        name => plain(name),
    };
    let by_flag = measure(true, &plain);
    line(out, "off by the flag", "1 us", &micros(by_flag), by_flag <= Duration::from_micros(1));
    let by_variable = measure(false, &tracked);
    let holds = by_variable <= Duration::from_micros(1);
    line(out, "off by `DO_NOT_TRACK`", "1 us", &micros(by_variable), holds);
    fs::write(&preference, "off\n")?;
    let by_file = measure(false, &plain);
    let mut reads = Vec::new();
    for _ in 0..ROUNDS {
        let start = Instant::now();
        black_box(fs::read_to_string(&preference)?);
        reads.push(start.elapsed());
    }
    let read = percentile(&mut reads, 0.5);
    let ratio = by_file.as_secs_f64() / read.as_secs_f64();
    let measured = format!("{}, {ratio:.1} times", micros(by_file));
    line(
        out,
        "off by the preference, against reading the files",
        "4 times",
        &measured,
        ratio <= 4.0,
    );
    Ok(())
}

fn on(out: &mut String) -> anyhow::Result<()> {
    let place = tempfile::tempdir()?;
    let vocabulary = Vocabulary::new("acme", COMMANDS)?;
    let mut times = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        let (vocabulary, spool) = (vocabulary.clone(), place.path().join("spool"));
        let start = Instant::now();
        let sink = Box::new(SpoolSink::in_directory(spool));
        let recorder = Recorder::begin(vocabulary, "1.2.3", Version::One, sink);
        anyhow::ensure!(finish(&recorder) == Fate::Taken, "an event was lost");
        times.push(start.elapsed());
    }
    let (median, most) = (percentile(&mut times, 0.5), percentile(&mut times, 0.99));
    let holds = median <= Duration::from_micros(20);
    line(out, "on: an event recorded and spooled", "20 us", &micros(median), holds);
    let holds = most <= Duration::from_millis(1);
    line(out, "the same, 99th percentile", "1000 us", &micros(most), holds);
    Ok(())
}

/// Whole commands, in pairs: off, and on with a server that takes connections and never answers.
fn black_hole(out: &mut String) -> anyhow::Result<()> {
    const PAIRS: usize = 30;
    let hole = BlackHole::start();
    let program = build()?;
    let place = tempfile::tempdir()?;
    let products = place.path().join(".config/ktel/products");
    fs::create_dir_all(&products)?;
    let server = format!("http://{}", hole.address());
    let text = format!(
        "ktel: 1\nname: acme\nconsent: opt-out\nserver: {server}\ncommands: [plan]\n\
         notice: {{text: Counts., stood: {{place: installer, reference: here}}}}\n"
    );
    fs::write(products.join("acme.yaml"), text)?;
    let run = |off: bool| -> anyhow::Result<Duration> {
        let mut command = Command::new(&program);
        command
            .args(["events", "emit", "--product", "acme", "--version", "1.2.3"])
            .args(["--command", "plan"])
            .env_clear()
            .env("HOME", place.path())
            .stdin(Stdio::null());
        if off {
            command.env("DO_NOT_TRACK", "1");
        }
        let start = Instant::now();
        anyhow::ensure!(command.status()?.success(), "emit failed");
        Ok(start.elapsed())
    };
    let (mut with, mut without, mut kongctl) = (Vec::new(), Vec::new(), Vec::new());
    run(false)?; // the one in six hours that starts an upload
    for _ in 0..PAIRS {
        with.push(run(false)?);
        without.push(run(true)?);
    }
    for _ in 0..5 {
        kongctl.push(sent_at_exit(hole.address()));
    }
    let (with, without) = (percentile(&mut with, 0.5), percentile(&mut without, 0.5));
    let delay = with.saturating_sub(without);
    let what = "a command's delay with a server that never answers, over off";
    line(out, what, "2000 us", &micros(delay), delay <= Duration::from_millis(2));
    let kongctl = percentile(&mut kongctl, 0.5);
    let ratio = kongctl.as_secs_f64() / delay.as_secs_f64().max(1e-6);
    let measured = format!("{} there: {ratio:.0} times", micros(kongctl));
    line(
        out,
        "against sending at exit, which is left after 500 ms",
        "100 times",
        &measured,
        ratio >= 100.0,
    );
    Ok(())
}

/// What kongctl does at the end of a command: send, and wait for so long.
fn sent_at_exit(server: std::net::SocketAddr) -> Duration {
    let start = Instant::now();
    let (done, sent) = mpsc::channel();
    std::thread::spawn(move || {
        let exchange = || -> std::io::Result<()> {
            let mut stream = TcpStream::connect(server)?;
            stream.write_all(b"POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}")?;
            stream.read_exact(&mut [0])?;
            Ok(())
        };
        done.send(exchange()).ok(); // nobody may be waiting any more
    });
    sent.recv_timeout(KONGCTL_FLUSH).ok(); // left behind, as there
    start.elapsed()
}

fn build() -> anyhow::Result<PathBuf> {
    let cargo = std::env::var_os("CARGO").context("find cargo")?;
    let status =
        Command::new(cargo).args(["build", "--release", "--package", "ktel-cli"]).status()?;
    anyhow::ensure!(status.success(), "ktel does not build");
    let bench = std::env::current_exe()?;
    let program = bench.ancestors().nth(2).map(|release: &Path| release.join("ktel"));
    program.context("find target/release")
}

/// A day of somebody who works with the tool: commands in runs, minutes apart.
fn compressed(out: &mut String) -> anyhow::Result<()> {
    let Ok(ReportServer::Remote(remote)) = "https://example.com".parse() else {
        anyhow::bail!("a server behind a network")
    };
    let product = product("https://example.com")?;
    let place = tempfile::tempdir()?;
    let uploader = Uploader::of(place.path());
    let mut sink = uploader.sink();
    let mut seconds = 1_790_000_000;
    let mut random: u64 = 7;
    for _ in 0..EVENTS {
        random =
            random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let dice = (random >> 33) as usize;
        seconds += 5 + (dice % 400) as i64;
        let time = Timestamp::from_second(seconds).expect("a time in this century");
        let event = Event::new(time, "1.2.3", COMMANDS[(dice >> 9) % COMMANDS.len()]);
        sink.emit(&Record::of(&event))?;
    }
    let (today, now) = (jiff::civil::date(2026, 11, 21), Duration::from_secs(1_790_050_000));
    let batch = uploader.next_batch(&remote.for_events(), &product.event_schema, today, now)?;
    let body = batch.and_then(|batch| batch.parcel).context("a batch of events")?.body;
    let bytes = compress(&body).len();
    let each = bytes as f64 / EVENTS as f64;
    let measured = format!("{each:.2} ({bytes} of {})", body.len());
    line(out, "bytes for each of 100 events in one upload", "8", &measured, each < 8.0);
    Ok(())
}
