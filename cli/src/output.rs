//! Standard output, where a reader that has ended (`| head`) is a failure and not a panic, and
//! standard error.

use std::io::{self, IsTerminal, Write};

/// Prints a line.
pub(crate) fn line(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{text}")?;
    out.flush()
}

/// Prints a whole text, line ends included.
pub(crate) fn bytes(text: &[u8]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text)?;
    out.flush()
}

/// Prints a message for a person on standard error. Errors are ignored.
pub(crate) fn say(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}

/// One fact of a step, below its head; several lines keep their indent.
pub(crate) fn fact(text: &str) -> io::Result<()> {
    line(&format!("    {}", text.replace('\n', "\n    ")))
}

/// Text for people on standard output, in colour on a terminal.
pub(crate) struct Page {
    colour: bool,
}

impl Page {
    /// Uses colours only on a terminal without `NO_COLOR` (<https://no-color.org>).
    pub(crate) fn new() -> Self {
        let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        Self {
            colour: wanted && io::stdout().is_terminal(),
        }
    }

    /// The head of a part, after an empty line.
    pub(crate) fn title(&self, text: &str) -> io::Result<()> {
        line(&format!("\n{}", self.styled("1;36", text)))
    }

    /// The head of a step within a part.
    pub(crate) fn step(&self, text: &str) -> io::Result<()> {
        line(&format!("  {}", self.styled("1", text)))
    }

    /// An emphasised word.
    pub(crate) fn strong(&self, text: &str) -> String {
        self.styled("1;32", text)
    }

    fn styled(&self, code: &str, text: &str) -> String {
        if self.colour {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }
}
