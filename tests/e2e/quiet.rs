//! The system calls of a command while telemetry is off.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use ktel_testkit::real;

use crate::program::program;

/// What a command did, by the system calls that change or reach anything.
#[derive(Debug, Default, PartialEq, Eq)]
struct Trace {
    sockets: usize,
    tasks: usize,
    written: BTreeSet<String>,
}

/// Runs `events emit` for a product under `strace`.
fn trace(strace: &Path, home: &Path, words: &[&str], variables: &[(&str, &str)]) -> Trace {
    let log = tempfile::NamedTempFile::new().expect("a place for the trace");
    let mut command = Command::new(strace);
    command
        .args(["-f", "-e", "trace=%network,%process,%file", "-o"])
        .arg(log.path())
        .arg(program())
        .args(["events", "emit", "--product", "acme", "--version", "1.2.3", "--command", "plan"])
        .args(words)
        .env_clear()
        .env("HOME", home)
        .envs(variables.iter().copied());
    let output = command.output().expect("strace runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = std::fs::read_to_string(log.path()).expect("strace wrote");
    assert!(text.contains("execve("), "an empty trace proves nothing");
    let mut trace = Trace::default();
    for line in text.lines() {
        let call = line.split_once(' ').map_or(line, |(_pid, call)| call.trim_start());
        let made = !call.contains("= -1 ");
        let name = call.split('(').next().unwrap_or_default();
        match name {
            "socket" | "connect" | "sendto" | "sendmsg" => trace.sockets += 1,
            "clone" | "clone3" | "fork" | "vfork" => trace.tasks += 1,
            "openat" | "open" | "creat" | "mkdir" | "mkdirat" | "rename" | "renameat2"
            | "unlink" => {
                let opens = name.starts_with("open");
                let writes =
                    ["O_WRONLY", "O_RDWR", "O_CREAT"].iter().any(|flag| call.contains(flag));
                let path = call.split('"').nth(1).unwrap_or_default();
                if made && (!opens || writes) && path != "/dev/null" {
                    trace.written.insert(path.to_owned());
                }
            }
            _ => {}
        }
    }
    trace
}

#[test]
fn off_makes_no_socket_no_thread_and_no_file() {
    let [strace] = real::require(["strace"]);
    let place = tempfile::tempdir().expect("a home");
    let home = place.path();
    let products = home.join(".config/ktel/products");
    std::fs::create_dir_all(&products).expect("a place for the product");
    let product = "ktel: 1\nname: acme\nconsent: opt-out\nserver: https://telemetry.example.com\n\
                   commands: [plan]\nnotice: {text: Counts., stood: {place: installer, reference: here}}\n";
    std::fs::write(products.join("acme.yaml"), product).expect("the product can be written");
    let off = Trace::default();
    assert_eq!(trace(&strace, home, &["--no-telemetry"], &[]), off);
    for variable in ["DO_NOT_TRACK", "ACME_NO_TELEMETRY", "KTEL_NO_TELEMETRY"] {
        assert_eq!(trace(&strace, home, &[], &[(variable, "1")]), off, "{variable}");
    }
    std::fs::create_dir_all(home.join(".config/ktel/acme")).expect("a place for the preference");
    std::fs::write(home.join(".config/ktel/acme/preference"), "off\n").expect("a preference");
    assert_eq!(trace(&strace, home, &[], &[]), off, "the preference");

    // On, the same trace shows what it is looking for: files, and the process that uploads.
    std::fs::write(home.join(".config/ktel/acme/preference"), "on\n").expect("a preference");
    // Today's upload began already: the command itself has no use for a network or a thread.
    let state = home.join(".local/state/ktel/acme");
    std::fs::create_dir_all(&state).expect("a place for the state");
    let now = std::time::UNIX_EPOCH.elapsed().expect("a clock after 1970").as_secs();
    std::fs::write(state.join("upload-began"), now.to_string()).expect("a turn that was taken");
    let on = trace(&strace, home, &[], &[]);
    assert_eq!((on.sockets, on.tasks), (0, 0), "{on:?}");
    assert!(on.written.iter().any(|path| path.contains("/acme/events/")), "{on:?}");
}
