//! The attempt to connect of one request: its time limit, and the stage that it has reached.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::transport::{ProxyError, TransportError};

tokio::task_local! {
    /// The attempt of the request that is being polled: the client passes its connector only the
    /// URL.
    static ATTEMPT: Arc<Attempt>;
}

/// The time limit of a request's attempt to connect, and its progress.
#[derive(Debug)]
pub(crate) struct Attempt {
    limit: Duration,
    is_resolving: AtomicBool,
    is_connected: AtomicBool,
    is_at_proxy: AtomicBool,
}

/// A step of an attempt.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Step {
    /// A name is being resolved.
    Resolving,
    /// The TCP connection stands.
    Connected,
    /// A proxy is being connected to, or asked for a tunnel.
    AtProxy,
}

impl Attempt {
    pub(crate) fn new(limit: Duration) -> Self {
        Self {
            limit,
            is_resolving: AtomicBool::new(false),
            is_connected: AtomicBool::new(false),
            is_at_proxy: AtomicBool::new(false),
        }
    }

    /// The time limit.
    pub(crate) fn limit(&self) -> Duration {
        self.limit
    }

    /// Makes this the current attempt while `request` is polled.
    pub(crate) fn scope<F: Future>(self: Arc<Self>, request: F) -> impl Future<Output = F::Output> {
        ATTEMPT.scope(self, request)
    }

    /// The current attempt; none for a connection that the client completes in the background.
    pub(crate) fn current() -> Option<Arc<Self>> {
        ATTEMPT.try_with(Arc::clone).ok()
    }

    /// Records the beginning or end of a step.
    pub(crate) fn set(&self, step: Step, is_reached: bool) {
        let flag = match step {
            Step::Resolving => &self.is_resolving,
            Step::Connected => &self.is_connected,
            Step::AtProxy => &self.is_at_proxy,
        };
        flag.store(is_reached, Ordering::Relaxed);
    }

    /// The error if the time limit expires now.
    pub(crate) fn timed_out(&self) -> TransportError {
        if self.is_at_proxy.load(Ordering::Relaxed) {
            TransportError::Proxy(ProxyError::Timeout)
        } else if self.is_connected.load(Ordering::Relaxed) {
            TransportError::TlsTimeout
        } else if self.is_resolving.load(Ordering::Relaxed) {
            TransportError::DnsTimeout
        } else {
            TransportError::ConnectTimeout
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_limit_names_the_stage_in_progress() {
        for (steps, stage) in [
            (&[][..], TransportError::ConnectTimeout),
            (&[Step::Resolving], TransportError::DnsTimeout),
            (&[Step::Connected], TransportError::TlsTimeout),
            (
                &[Step::AtProxy, Step::Connected],
                TransportError::Proxy(ProxyError::Timeout),
            ),
        ] {
            let attempt = Attempt::new(Duration::from_secs(8));
            for step in steps {
                attempt.set(*step, true);
            }
            assert_eq!(attempt.timed_out(), stage);
        }
    }
}
