//! The names of a JSON reply's members, for the log, without a value. Only while the log is at
//! DEBUG.

use std::collections::VecDeque;
use std::fmt;
use std::io::{self, Read};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use http_body::{Body, Frame, SizeHint};
use serde::Deserialize;
use serde::de::{IgnoredAny, MapAccess, Visitor};
use tracing::Level;

/// The names that are logged of one reply; others are counted.
const MAX_NAMES: usize = 32;
/// The longest name and the longest word of one that are logged. A vendor may put a secret into a
/// name; those have other shapes.
const MAX_NAME_CHARS: usize = 32;
/// `granted_project_permission_ids` has four.
const MAX_WORDS: usize = 6;

/// A body that logs the names of its members when it ends.
pub(crate) struct NamedBody<B> {
    body: B,
    /// Clones of the pieces, which share their memory; `None` when nothing is logged.
    pieces: Option<VecDeque<Bytes>>,
}

impl<B> NamedBody<B> {
    pub(crate) fn new(body: B) -> Self {
        let pieces = tracing::enabled!(Level::DEBUG).then(VecDeque::new);
        Self { body, pieces }
    }

    fn log(&mut self) {
        if let Some(pieces) = self.pieces.take().filter(|pieces| !pieces.is_empty()) {
            let members = tracing::field::display(Members::read(pieces));
            tracing::debug!(%members, "the members of the reply");
        }
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for NamedBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        match &frame {
            Some(Ok(frame)) => {
                if let Some((pieces, data)) = self.pieces.as_mut().zip(frame.data_ref()) {
                    pieces.push_back(data.clone());
                }
                if self.body.is_end_stream() {
                    self.log();
                }
            }
            // An incomplete reply is no JSON.
            Some(Err(_)) => self.pieces = None,
            None => self.log(),
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The members of a reply.
#[derive(Debug, PartialEq, Eq)]
enum Members {
    /// Of an object, in its order.
    Of(Vec<String>),
    /// Another value than an object, or no JSON.
    None,
}

impl Members {
    fn read(pieces: VecDeque<Bytes>) -> Self {
        serde_json::from_reader(Pieces(pieces)).unwrap_or(Self::None)
    }
}

/// Reads pieces one after the other, without a copy of the whole.
struct Pieces(VecDeque<Bytes>);

impl Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.0.pop_front_if(|piece| piece.is_empty()).is_some() {}
        self.0.front_mut().map_or(Ok(0), |piece| {
            let mut reader = piece.reader();
            reader.read(buffer)
        })
    }
}

impl fmt::Display for Members {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Of(names) = self else {
            return formatter.write_str("not an object");
        };
        for (number, name) in names.iter().take(MAX_NAMES).enumerate() {
            let separator = if number == 0 { "" } else { " " };
            let shown = if is_name(name) { name } else { "…" };
            write!(formatter, "{separator}{shown}")?;
        }
        match names.len().saturating_sub(MAX_NAMES) {
            0 => Ok(()),
            more => write!(formatter, " and {more} more"),
        }
    }
}

/// Whether a name is made of a few words, as `access_token` or `projectId` are.
fn is_name(name: &str) -> bool {
    let is_separator = |c: char| matches!(c, '_' | '-' | '.');
    let humps = name.chars().filter(char::is_ascii_uppercase).count();
    let words = name.split(is_separator).count();
    name.len() <= MAX_NAME_CHARS
        && name
            .chars()
            .all(|c| c.is_ascii_alphabetic() || is_separator(c))
        && humps + words <= MAX_WORDS
}

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Names)
    }
}

struct Names;

impl<'de> Visitor<'de> for Names {
    type Value = Members;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
        let mut names = Vec::new();
        while let Some((name, IgnoredAny)) = map.next_entry()? {
            names.push(name);
        }
        Ok(Members::Of(names))
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::{BodyExt, Full};

    use super::*;
    use crate::egress::testing::Log;

    #[test]
    fn the_names_of_an_object_are_shown_and_no_value() {
        let many = (0..40).map(|_| "\"a\":1").collect::<Vec<_>>().join(",");
        for (reply, shown) in [
            (
                r#"{"access_token":"tulip","expires_in":1}"#,
                "access_token expires_in",
            ),
            (r#"{"a":{"b":1},"c":[{"d":2}],"e":"{\"f\":3}"}"#, "a c e"),
            (
                r#"{"projectId":1,"error.code":2,"x-y":3}"#,
                "projectId error.code x-y",
            ),
            ("{}", ""),
            ("[1]", "not an object"),
            ("\"tulip\"", "not an object"),
            ("<html>tulip</html>", "not an object"),
            (r#"{"a":1"#, "not an object"),
            // Names that may be a secret, or free text.
            (r#"{"tulip42":1,"a":2}"#, "… a"),
            (r#"{"aBcDeFgHiJkLmN":1}"#, "…"),
            (r#"{"Please call tulip":1}"#, "…"),
            (r#"{"":1}"#, ""),
            (
                &format!("{{{many}}}"),
                &format!("{} and 8 more", ["a"; 32].join(" ")),
            ),
        ] {
            // In pieces, as the network delivers them.
            let pieces = reply.as_bytes().chunks(3).map(Bytes::copy_from_slice);
            let members = Members::read(pieces.chain([Bytes::new()]).collect());
            assert_eq!(members.to_string(), shown, "{reply}");
        }
        let long = format!("{{\"{}\":1}}", "x".repeat(33));
        assert_eq!(Members::read([long.into()].into()).to_string(), "…");
    }

    #[tokio::test]
    async fn a_reply_is_logged_once_and_passed_on() {
        let log = Log::default();
        let capturing = log.capture();
        let body = NamedBody::new(Full::new(Bytes::from_static(b"{\"a\":\"tulip\"}")));
        let read = body.collect().await.unwrap().to_bytes();
        drop(capturing);
        assert_eq!(read, "{\"a\":\"tulip\"}");
        assert_eq!(log.lines(), ["DEBUG the members of the reply members=a"]);
    }
}
