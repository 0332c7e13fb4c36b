//! The binary in a pseudo-terminal, which util-linux's `script` opens: crates for it would change
//! the features of wasmtime's dependencies, and so every build. The screen is searched for secrets
//! and tokens.

use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::harness::{NO_NETWORK, register, shows_a_secret, shows_a_token};

/// A test that waits longer hangs: no wait takes a hundredth of it.
const HANGS_AFTER: Duration = Duration::from_secs(30);

/// The keys, as terminals send them.
pub(crate) const ENTER: &str = "\r";
pub(crate) const DOWN: &str = "\x1b[B";
pub(crate) const ESCAPE: &str = "\x1b";
pub(crate) const CTRL_C: &str = "\x03";

/// A run of the binary with a person at the terminal.
pub(crate) struct Dialogue {
    child: Child,
    keys: ChildStdin,
    screen: Receiver<Vec<u8>>,
    /// The whole output of the terminal.
    shown: String,
    /// The length of the part up to the last awaited text.
    seen: usize,
    stdout: std::path::PathBuf,
}

impl Dialogue {
    /// Starts the binary. Its standard output goes to a file in `dir`, as with `> FILE`.
    pub(crate) fn start(dir: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        register(&[], variables);
        let stdout = dir.join("stdout");
        let words = [env!("CARGO_BIN_EXE_connector")]
            .into_iter()
            .chain(arguments.iter().copied());
        let words: Vec<_> = words.map(quoted).collect();
        // At the end, checks that the terminal echoes again.
        let line = format!(
            "stty rows 50 cols 200; {} > {}; status=$?; \
             stty -a | grep -q -- '-echo ' && echo SILENT; exit $status",
            words.join(" "),
            quoted(stdout.to_str().unwrap())
        );
        let mut child = Command::new("script")
            .args(["--quiet", "--return", "--command", &line, "/dev/null"])
            .env("LC_ALL", "C.UTF-8")
            .envs(NO_NETWORK)
            .envs(variables.iter().copied())
            .env("SHELL", "/bin/sh")
            .env("TERM", "xterm-256color")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("`script` of util-linux opens the pseudo-terminal");
        let mut output = child.stdout.take().unwrap();
        let (sender, screen) = channel();
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(length @ 1..) = output.read(&mut buffer) {
                if sender.send(buffer[..length].to_vec()).is_err() {
                    return;
                }
            }
        });
        Self {
            keys: child.stdin.take().unwrap(),
            child,
            screen,
            shown: String::new(),
            seen: 0,
            stdout,
        }
    }

    /// Waits until the screen shows this text, after the previous one.
    pub(crate) fn sees(&mut self, text: &str) -> &mut Self {
        loop {
            if let Some(at) = self.shown[self.seen..].find(text) {
                self.seen += at + text.len();
                return self;
            }
            assert!(self.more(), "{text:?} does not come in {}", self.shown);
        }
    }

    /// Types these keys.
    pub(crate) fn types(&mut self, keys: &str) -> &mut Self {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
        self
    }

    /// Waits for the prompt, and answers it.
    pub(crate) fn answers(&mut self, prompt: &str, keys: &str) -> &mut Self {
        self.sees(prompt).types(keys).types(ENTER)
    }

    /// Waits for the end: the exit status, the output of the terminal, and standard output.
    pub(crate) fn ends(mut self) -> (Option<i32>, String, String) {
        while self.more() {}
        let status = self.child.wait().unwrap();
        let stdout = std::fs::read_to_string(&self.stdout).unwrap();
        for text in [&self.shown, &stdout] {
            leak_check::output(text);
            assert!(!shows_a_secret(text) && !shows_a_token(text), "{text}");
        }
        assert!(
            !self.shown.contains("SILENT"),
            "the terminal is left without echo"
        );
        (status.code(), std::mem::take(&mut self.shown), stdout)
    }

    /// Ends with a result on standard output.
    pub(crate) fn result(self) -> Value {
        let (code, shown, stdout) = self.ends();
        assert_eq!(code, Some(0), "{shown}");
        serde_json::from_str(&stdout).unwrap()
    }

    /// Reads on; `false` at the end.
    fn more(&mut self) -> bool {
        match self.screen.recv_timeout(HANGS_AFTER) {
            Ok(bytes) => {
                let text = String::from_utf8_lossy(&bytes);
                self.shown.push_str(&plain(&text));
                true
            }
            Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => false,
            Err(timeout) => panic!("{timeout}: {}", self.shown),
        }
    }
}

/// Runs the binary with all of its output on a terminal: the exit status, and the screen.
pub(crate) fn on_terminal(arguments: &[&str], variables: &[(&str, &str)]) -> (Option<i32>, String) {
    register(&[], variables);
    let words = [env!("CARGO_BIN_EXE_connector")];
    let words = words.iter().chain(arguments).map(|word| quoted(word));
    let output = Command::new("script")
        .args(["--quiet", "--return", "--command"])
        .arg(words.collect::<Vec<_>>().join(" "))
        .arg("/dev/null")
        .env("LC_ALL", "C.UTF-8")
        .env("XDG_CACHE_HOME", env!("CARGO_TARGET_TMPDIR"))
        .env("SHELL", "/bin/sh")
        .env("TERM", "xterm-256color")
        .envs(variables.iter().copied())
        .stdin(Stdio::null())
        .output()
        .expect("`script` of util-linux opens the pseudo-terminal");
    let screen = plain(&String::from_utf8_lossy(&output.stdout));
    (output.status.code(), screen)
}

impl Drop for Dialogue {
    fn drop(&mut self) {
        // After a failed test the process still waits for keys.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Without the sequences that move the cursor and set colours.
fn plain(text: &str) -> String {
    let mut plain = String::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        if character == '\x1b' {
            characters.by_ref().find(char::is_ascii_alphabetic);
        } else {
            plain.push(character);
        }
    }
    plain
}

fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}
