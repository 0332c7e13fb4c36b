//! Turns off the terminal's echo during the dialogue, and restores the terminal afterwards.

use std::io::{self, IsTerminal};

use inquire::Confirm;

use crate::failure::Failure;

/// The terminal while questions are asked.
///
/// The prompts turn the echo off only while they read a key, so text that is pasted faster would be
/// shown, secrets included. Here it is off throughout.
pub(crate) struct Terminal {
    #[cfg(unix)]
    before: rustix::termios::Termios,
    #[cfg(unix)]
    silent: rustix::termios::Termios,
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
}

impl Terminal {
    /// Takes over the terminal. Without one the command is wrong usage, with the message
    /// `otherwise`.
    pub(crate) fn open(otherwise: &str) -> Result<Self, Failure> {
        if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
            return Err(Failure::Usage(otherwise.to_owned()));
        }
        Self::take()
    }

    #[cfg(unix)]
    fn take() -> Result<Self, Failure> {
        use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
        use tokio::signal::unix::{SignalKind, signal};
        let failed = |error: io::Error| Failure::setup("use the terminal", error);
        // From here on Ctrl-C cancels the dialogue, and the terminal is restored.
        let interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
        let before = tcgetattr(io::stdin()).map_err(|error| failed(error.into()))?;
        let mut silent = before.clone();
        // A prompt reads Ctrl-C as a key. Just before it reads, Ctrl-C would be a signal, which is
        // not handled while a prompt waits.
        silent.local_modes -=
            LocalModes::ECHO | LocalModes::ECHONL | LocalModes::ICANON | LocalModes::ISIG;
        tcsetattr(io::stdin(), OptionalActions::Now, &silent)
            .map_err(|error| failed(error.into()))?;
        Ok(Self {
            before,
            silent,
            interrupt,
        })
    }

    /// Makes Ctrl-C a signal, or a key. A terminal that cannot be set is gone, and the next read
    /// reports it.
    #[cfg(unix)]
    fn signals(&self, signals: bool) {
        use rustix::termios::{LocalModes, OptionalActions, tcsetattr};
        let mut modes = self.silent.clone();
        modes.local_modes.set(LocalModes::ISIG, signals);
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &modes);
    }

    #[cfg(not(unix))]
    #[expect(clippy::unnecessary_wraps, reason = "it can fail elsewhere")]
    fn take() -> Result<Self, Failure> {
        Ok(Self {})
    }

    /// Waits for `work`, or for Ctrl-C.
    #[cfg(unix)]
    pub(crate) async fn unless_interrupted<T>(
        &mut self,
        work: impl Future<Output = T>,
    ) -> Result<T, Failure> {
        self.signals(true);
        let ended = tokio::select! {
            done = work => Ok(done),
            _ = self.interrupt.recv() => Err(Failure::Cancelled),
        };
        self.signals(false);
        ended
    }

    /// Waits for `work`; Ctrl-C ends the process.
    #[cfg(not(unix))]
    pub(crate) async fn unless_interrupted<T>(
        &mut self,
        work: impl Future<Output = T>,
    ) -> Result<T, Failure> {
        Ok(work.await)
    }
}

#[cfg(unix)]
impl Drop for Terminal {
    fn drop(&mut self) {
        use rustix::termios::{OptionalActions, tcsetattr};
        // Discards unread input, which may be a secret. An error means that the terminal is gone.
        let _ = tcsetattr(io::stdin(), OptionalActions::Flush, &self.before);
    }
}

/// Discards the input that has arrived after a secret. Returns whether it was more than whitespace:
/// of a pasted secret with line breaks, a prompt reads the first line, and would save it alone.
#[cfg(unix)]
pub(crate) fn discard_rest_of_paste() -> bool {
    use rustix::termios::{OptionalActions, SpecialCodeIndex, tcgetattr, tcsetattr};
    let Ok(before) = tcgetattr(io::stdin()) else {
        // The terminal is gone, and the next prompt reports it.
        return false;
    };
    // Reads what is there, and does not wait for more.
    let mut at_once = before.clone();
    at_once.special_codes[SpecialCodeIndex::VMIN] = 0;
    at_once.special_codes[SpecialCodeIndex::VTIME] = 0;
    if tcsetattr(io::stdin(), OptionalActions::Now, &at_once).is_err() {
        return false;
    }
    let mut is_text = false;
    // May be a secret.
    let mut rest = zeroize::Zeroizing::new([0; 256]);
    while let Ok(length @ 1..) = rustix::io::read(io::stdin(), &mut rest[..]) {
        let read = rest.iter().take(length);
        is_text |= read.into_iter().any(|byte| !byte.is_ascii_whitespace());
    }
    let _ = tcsetattr(io::stdin(), OptionalActions::Now, &before);
    is_text
}

#[cfg(not(unix))]
pub(crate) fn discard_rest_of_paste() -> bool {
    false
}

/// Asks for yes or no.
pub(crate) fn confirm(prompt: &str, default: bool) -> Result<bool, Failure> {
    Ok(Confirm::new(prompt).with_default(default).prompt()?)
}
