//! Who dials first. Whether the other side speaks HTTP/2 is known only when somebody has; until then the client makes a connection for each request
//! of a burst, and a TLS handshake with it. Here one goes ahead, and the others wait to see whether they can share its connection.

use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::MutexGuard;
use tokio::time::Instant;

/// More than the vendors of a plugin have hosts. Two that meet in one place wait for each other's first connection, and no more.
const PLACES: u64 = 64;

/// What is known of the hosts that requests go to.
pub(crate) struct Firsts {
    places: Vec<Place>,
    hasher: RandomState,
    lasts: Duration,
}

/// One host, or a few.
#[derive(Default)]
struct Place {
    dialling: tokio::sync::Mutex<()>,
    spoken: Mutex<Option<Spoken>>,
}

/// What was spoken last, and when.
#[derive(Clone, Copy)]
struct Spoken {
    shared: bool,
    at: Instant,
}

/// That a request may go. While it is held, others may have to wait.
pub(crate) struct Turn<'a> {
    place: &'a Place,
    _dialling: Option<MutexGuard<'a, ()>>,
}

impl Firsts {
    /// Knows nobody yet. A connection that can be shared is there for so long after its last use.
    pub(crate) fn new(lasts: Duration) -> Self {
        Self {
            places: (0..PLACES).map(|_| Place::default()).collect(),
            hasher: RandomState::new(),
            lasts,
        }
    }

    /// Waits until a request to this host may go: at once, or when the one that dials has a connection or has failed.
    pub(crate) async fn turn(&self, host: &str) -> Option<Turn<'_>> {
        let number = self.hasher.hash_one(host) % PLACES;
        let place = self.places.get(usize::try_from(number).ok()?)?;
        if !place.is_to_be_found_out(self.lasts) {
            return Some(place.turn(None));
        }
        let dialling = place.dialling.lock().await;
        // The one before may have found it out.
        let first = place.is_to_be_found_out(self.lasts);
        Some(place.turn(first.then_some(dialling)))
    }
}

impl Place {
    fn turn<'a>(&'a self, dialling: Option<MutexGuard<'a, ()>>) -> Turn<'a> {
        Turn {
            place: self,
            _dialling: dialling,
        }
    }

    /// Whether it matters who goes first: not where each needs a connection of its own, nor where one is there for all.
    fn is_to_be_found_out(&self, lasts: Duration) -> bool {
        let spoken = *self.spoken.lock().unwrap_or_else(PoisonError::into_inner);
        spoken.is_none_or(|spoken| spoken.shared && spoken.at.elapsed() >= lasts)
    }
}

impl Turn<'_> {
    /// The request has a connection, which others can share or cannot.
    pub(crate) fn spoke(self, shared: bool) {
        let at = Instant::now();
        let spoken = self.place.spoken.lock();
        *spoken.unwrap_or_else(PoisonError::into_inner) = Some(Spoken { shared, at });
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    const HOST: &str = "api.hotjar.io";
    const LASTS: Duration = Duration::from_secs(50);

    fn waits(firsts: &Firsts) -> bool {
        firsts.turn(HOST).now_or_never().is_none()
    }

    #[tokio::test(start_paused = true)]
    async fn one_dials_and_the_others_share_its_connection() {
        let firsts = Firsts::new(LASTS);
        let first = firsts.turn(HOST).await.unwrap();
        assert!(waits(&firsts));
        first.spoke(true);
        let (second, third) = (firsts.turn(HOST).await, firsts.turn(HOST).await);
        assert!(second.is_some() && third.is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_where_each_needs_a_connection_of_its_own() {
        let firsts = Firsts::new(LASTS);
        firsts.turn(HOST).await.unwrap().spoke(false);
        tokio::time::advance(2 * LASTS).await;
        let _held = firsts.turn(HOST).await.unwrap();
        assert!(!waits(&firsts));
    }

    #[tokio::test(start_paused = true)]
    async fn the_next_dials_when_the_first_has_failed_or_the_connection_is_gone() {
        let firsts = Firsts::new(LASTS);
        drop(firsts.turn(HOST).await.unwrap());
        let second = firsts.turn(HOST).await.unwrap();
        assert!(waits(&firsts));
        second.spoke(true);
        tokio::time::advance(LASTS).await;
        let _third = firsts.turn(HOST).await.unwrap();
        assert!(waits(&firsts));
    }
}
