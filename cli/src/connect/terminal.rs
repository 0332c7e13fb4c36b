//! Keeps the terminal from showing what is typed while questions are asked, and gives it back as it was.

use std::io::{self, IsTerminal};

use crate::failure::Failure;

/// The terminal while questions are asked.
///
/// The prompts switch the echo off for each key they read, and on again after it; what is pasted faster than it is read would be shown,
/// secrets too. So it is off throughout.
pub(crate) struct Terminal {
    #[cfg(unix)]
    before: rustix::termios::Termios,
    #[cfg(unix)]
    silent: rustix::termios::Termios,
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
}

impl Terminal {
    /// Takes the terminal over. Where there is none, that is wrong usage, and `otherwise` says what to do.
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
        // From here on Ctrl-C is an answer, and the terminal is given back.
        let interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
        let before = tcgetattr(io::stdin()).map_err(|error| failed(error.into()))?;
        let mut silent = before.clone();
        // A prompt reads Ctrl-C as a key. Typed just before it reads, it would be a signal, and nobody listens while a prompt waits.
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

    /// Makes Ctrl-C a signal, or a key. A terminal that cannot be set is gone, and whoever reads it next says so.
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
        // What was typed ahead is thrown away: it was meant for a question, and may be a secret. Who cannot be given the terminal back is gone.
        let _ = tcsetattr(io::stdin(), OptionalActions::Flush, &self.before);
    }
}
