//! Coalescing of the first connections to a host: one request of a burst connects, and the others
//! wait to learn whether they can share its connection. hyper-util's pool coalesces only where
//! HTTP/2 is certain beforehand (`http2_only`). Where TLS negotiates the protocol, the pool opens a
//! connection for each request.

use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::MutexGuard;
use tokio::time::Instant;

/// More than the hosts of a plugin's vendors. Two hosts in one slot wait for each other's first
/// connection, without further effect.
const SLOTS: u64 = 64;

/// The protocols that are known of hosts, and the first connections in progress.
pub(crate) struct Coalescing {
    slots: Vec<Slot>,
    hasher: RandomState,
    idle_timeout: Duration,
}

/// One host, or a few that share a hash.
#[derive(Default)]
struct Slot {
    connecting: tokio::sync::Mutex<()>,
    protocol: Mutex<Option<KnownProtocol>>,
}

/// The protocol of the last connection, and the time of its last use.
#[derive(Clone, Copy)]
struct KnownProtocol {
    is_shared: bool,
    used_at: Instant,
}

/// Permission to send one request. While the first one is held, others may have to wait.
pub(crate) struct FirstConnection<'a> {
    slot: &'a Slot,
    _connecting: Option<MutexGuard<'a, ()>>,
}

impl Coalescing {
    /// Starts without known protocols. A shared connection closes after `idle_timeout` without use.
    pub(crate) fn new(idle_timeout: Duration) -> Self {
        Self {
            slots: (0..SLOTS).map(|_| Slot::default()).collect(),
            hasher: RandomState::new(),
            idle_timeout,
        }
    }

    /// Waits until a request to this host may be sent: at once if the protocol is known, else when
    /// the request that connects has its connection or has failed.
    pub(crate) async fn wait(&self, host: &str) -> Option<FirstConnection<'_>> {
        let number = self.hasher.hash_one(host) % SLOTS;
        let slot = self.slots.get(usize::try_from(number).ok()?)?;
        if !slot.needs_first_connection(self.idle_timeout) {
            return Some(slot.permission(None));
        }
        let connecting = slot.connecting.lock().await;
        // The previous holder of the lock may have learnt the protocol.
        let is_first = slot.needs_first_connection(self.idle_timeout);
        Some(slot.permission(is_first.then_some(connecting)))
    }
}

impl Slot {
    fn permission<'a>(&'a self, connecting: Option<MutexGuard<'a, ()>>) -> FirstConnection<'a> {
        FirstConnection {
            slot: self,
            _connecting: connecting,
        }
    }

    /// Whether the order of requests matters. It does not where each needs its own connection, nor
    /// where a shared one is open.
    fn needs_first_connection(&self, idle_timeout: Duration) -> bool {
        let protocol = *self.protocol.lock().unwrap_or_else(PoisonError::into_inner);
        protocol.is_none_or(|known| known.is_shared && known.used_at.elapsed() >= idle_timeout)
    }
}

impl FirstConnection<'_> {
    /// Records that the request has a connection, and whether others can share it.
    pub(crate) fn protocol_known(self, is_shared: bool) {
        let used_at = Instant::now();
        let protocol = self.slot.protocol.lock();
        *protocol.unwrap_or_else(PoisonError::into_inner) =
            Some(KnownProtocol { is_shared, used_at });
    }
}

#[cfg(test)]
mod tests;
