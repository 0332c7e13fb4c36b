//! Ctrl-C, and the end of a command that uses sessions: a token request in flight is finished first
//! if its session has to be stored. Cut off, it could take the only copy of a refresh token with
//! it.

use std::io;
use std::pin::{Pin, pin};

use connector_host::Sessions;

use crate::failure::Failure;
use crate::output::say;

/// The signals to end. While it exists, they do not end the process by themselves.
pub(crate) struct Signals {
    #[cfg(unix)]
    all: [tokio::signal::unix::Signal; 3],
}

impl Signals {
    /// Listens from now on.
    #[cfg(unix)]
    pub(crate) fn listen() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            all: [
                signal(SignalKind::interrupt())?,
                signal(SignalKind::terminate())?,
                signal(SignalKind::hangup())?,
            ],
        })
    }

    /// Waits for the next one.
    #[cfg(unix)]
    pub(crate) async fn next(&mut self) {
        let [interrupt, terminate, hangup] = &mut self.all;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
    }

    /// Listens from the first wait on.
    #[cfg(not(unix))]
    #[expect(clippy::unnecessary_wraps, reason = "it can fail elsewhere")]
    pub(crate) fn listen() -> io::Result<Self> {
        Ok(Self {})
    }

    /// Waits for Ctrl-C.
    #[cfg(not(unix))]
    pub(crate) async fn next(&mut self) {
        // Without signals the command runs until it is killed.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// Does work with these sessions, until its end or Ctrl-C. Then finishes the token requests in
/// flight that have to be saved, until another Ctrl-C.
pub(crate) async fn finishing<T>(
    sessions: &Sessions,
    work: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    let signals = Signals::listen();
    let mut signals = signals.map_err(|error| Failure::setup("listen for Ctrl-C", error))?;
    let result = tokio::select! {
        done = work => Some(done),
        () = signals.next() => None,
    };
    let is_interrupted = settle(sessions, &mut signals, result.is_none()).await;
    result
        .filter(|_| !is_interrupted)
        .unwrap_or(Err(Failure::Interrupted))
}

/// Finishes the token requests in flight that have to be saved. Returns whether a signal came.
pub(crate) async fn settle(
    sessions: &Sessions,
    signals: &mut Signals,
    is_interrupted: bool,
) -> bool {
    let mut settled = pin!(sessions.settle());
    if is_ready(settled.as_mut()).await {
        return is_interrupted;
    }
    if !is_interrupted {
        tokio::select! {
            () = settled.as_mut() => return false,
            () = signals.next() => {}
        }
    }
    say(
        "finishing the token request in flight, so that its refresh token is stored; Ctrl-C again \
         ends at once",
    );
    tokio::select! {
        () = settled => say("the token request has ended, and its session is stored"),
        () = signals.next() => {}
    }
    true
}

/// Whether a future has ended. Polls it once.
async fn is_ready(mut future: Pin<&mut impl Future<Output = ()>>) -> bool {
    tokio::select! {
        biased;
        () = future.as_mut() => true,
        () = std::future::ready(()) => false,
    }
}
