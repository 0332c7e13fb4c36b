//! The place of a response: standard output, or a file that appears once it is complete. A thread
//! writes, so that a slow reader does not delay signals.

use std::fs::{self, File};
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use tempfile::TempPath;
use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio::task::{JoinHandle, spawn_blocking};

use super::terminal_text::TerminalText;
use crate::failure::Failure;

/// The pieces that wait for the writer. A piece is at most some 100 KiB, the read buffer of the
/// connection.
const WAITING_PIECES: usize = 4;

/// The place of a response.
#[derive(Debug)]
pub(super) struct Destination {
    to: To,
    /// The name of the file.
    path: Option<PathBuf>,
    /// A new file that becomes the one at `path`, removed when this is dropped.
    new: Option<TempPath>,
}

#[derive(Debug)]
enum To {
    /// Standard output, read by a person.
    Terminal,
    /// Standard output.
    Pipe,
    /// A file.
    File(File),
}

impl Destination {
    /// The file of this name, or standard output. Changes no existing file.
    pub(super) fn open(path: Option<&Path>) -> Result<Self, Failure> {
        if let Some(path) = path.filter(|path| *path != Path::new("-")) {
            return Self::file(path).map_err(|error| failure(path, &error));
        }
        let is_terminal = io::stdout().is_terminal();
        Ok(Self {
            to: if is_terminal { To::Terminal } else { To::Pipe },
            path: None,
            new: None,
        })
    }

    fn file(path: &Path) -> io::Result<Self> {
        // The target of a link is replaced, and not the link.
        let path = match fs::canonicalize(path) {
            Ok(path) => path,
            Err(error) if error.kind() == io::ErrorKind::NotFound => path.to_owned(),
            Err(error) => return Err(error),
        };
        match fs::metadata(&path) {
            Ok(found) if found.is_dir() => return Err(io::ErrorKind::IsADirectory.into()),
            // Such as a named pipe.
            Ok(found) if !found.is_file() => {
                let file = File::options().write(true).open(&path)?;
                return Ok(Self {
                    to: To::File(file),
                    path: Some(path),
                    new: None,
                });
            }
            Ok(_) | Err(_) => {}
        }
        let folder = path.parent().filter(|folder| *folder != Path::new(""));
        let mut new = tempfile::Builder::new();
        // As for any new file; the process's mask applies.
        #[cfg(unix)]
        new.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let (file, new) = new
            .tempfile_in(folder.unwrap_or(Path::new(".")))?
            .into_parts();
        Ok(Self {
            to: To::File(file),
            path: Some(path),
            new: Some(new),
        })
    }

    /// Whether a person reads it on a terminal.
    pub(super) fn is_terminal(&self) -> bool {
        matches!(self.to, To::Terminal)
    }

    /// Starts to write.
    pub(super) fn writer(self) -> Writer {
        let (pieces, waiting) = mpsc::channel(WAITING_PIECES);
        let Self { to, path, new } = self;
        let thread = spawn_blocking(move || match to {
            To::Terminal => write_text(waiting),
            To::Pipe => write_all(waiting, &mut io::stdout()),
            To::File(mut file) => write_all(waiting, &mut file),
        });
        Writer {
            pieces,
            thread,
            path,
            new,
        }
    }
}

fn write_all(mut waiting: Receiver<Bytes>, to: &mut impl Write) -> io::Result<()> {
    while let Some(piece) = waiting.blocking_recv() {
        to.write_all(&piece)?;
    }
    to.flush()
}

fn write_text(mut waiting: Receiver<Bytes>) -> io::Result<()> {
    let mut text = TerminalText::default();
    let mut terminal = io::stdout();
    while let Some(piece) = waiting.blocking_recv() {
        terminal.write_all(&text.shown(&piece))?;
        terminal.flush()?;
    }
    terminal.write_all(text.end())?;
    terminal.flush()
}

fn failure(path: &Path, error: &io::Error) -> Failure {
    Failure::Input(format!("cannot write {}: {error}", path.display()))
}

/// Writes pieces in order. A new file is removed when this is dropped.
pub(super) struct Writer {
    pieces: Sender<Bytes>,
    thread: JoinHandle<io::Result<()>>,
    path: Option<PathBuf>,
    new: Option<TempPath>,
}

impl Writer {
    /// Takes the next piece; waits while too many do. `false` after a failure, which
    /// [`end`](Self::end) returns.
    pub(super) async fn write(&self, piece: Bytes) -> bool {
        self.pieces.send(piece).await.is_ok()
    }

    /// Waits until all pieces are written.
    pub(super) async fn end(self) -> Result<Written, Failure> {
        drop(self.pieces);
        let written = self.thread.await;
        let written = written.map_err(|error| Failure::setup("write the response", error))?;
        match (written, self.path) {
            (Ok(()), path) => Ok(Written(path.zip(self.new))),
            (Err(error), Some(path)) => Err(failure(&path, &error)),
            (Err(error), None) => Err(Failure::Output(error)),
        }
    }
}

/// All pieces are written. A new file is still to be [kept](Self::keep), else it is removed.
pub(super) struct Written(Option<(PathBuf, TempPath)>);

impl Written {
    /// Puts a new file at its place.
    pub(super) fn keep(self) -> Result<(), Failure> {
        let Some((path, new)) = self.0 else {
            return Ok(());
        };
        new.persist(&path)
            .map_err(|error| failure(&path, &error.error))
    }
}
