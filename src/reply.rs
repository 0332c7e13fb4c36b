//! What an answer of a vendor comes to: the members that were promised, or the error that it is.
//! Which members were promised is in `token.rs` and `access.rs`; what the codes of a vendor mean, in `vendors/`.

use alloc::borrow::Cow;
use alloc::string::String;
use core::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::error::{Error, Misreply, Refusal};
use crate::http::{MAX_REPLY_BYTES, Reply};
use crate::json::{self, Object, Value};
use crate::session::Timestamp;
use crate::vendors::Vendor;
use crate::verdict::Verdict;

/// Longer codes are sentences.
const MAX_CODE_BYTES: usize = 64;

/// The words of which vendors make codes. A code passes only if it is made of these, so whatever a vendor may put into its place
/// (a secret, a token, a person's words), nothing gets through that is not in this list.
pub const CODE_WORDS: &str = "access account active api app application auth authentication authorization bad bearer blocked call calls \
    client closed code concurrent conflict credential credentials customer deleted denied disabled does enabled endpoint \
    enrichment error exceeded exist exists expire expired export failed failure feature forbidden format found grant id inactive \
    incorrect insufficient integration internal invalid ip jwt key limit limited locked login malformed many method metrics mismatch \
    missing no not oauth of organization parameter password permission permissions plan project quota rate refused request \
    required resource response revoked role scope scopes secret server service site subscription suspended temporarily throttled token \
    too type unauthenticated unauthorized unavailable unknown unsupported user validation wrong";

/// The members in which vendors put a failure.
const NAMES: [&str; 4] = ["success", "error", "errorCode", "code"];

/// The members of a reply that was promised as a JSON object with status 200.
pub struct Members {
    /// The status, for the errors that name it.
    status: u16,
    object: Object,
}

impl Members {
    /// Takes the member `name` out; `null` counts as absent.
    pub fn take(&mut self, name: &str) -> Option<Value> {
        self.object.take(name).filter(|value| *value != Value::Null)
    }

    /// Takes the text `name` out; absent is `None`, another type is an error.
    pub fn take_text(&mut self, name: &'static str) -> Result<Option<String>, Error> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::Text(text)) => Ok(Some(text)),
            Some(_) => Err(self.unintelligible(name)),
        }
    }

    /// The error that says that `part` was missing or not as promised.
    pub fn unintelligible(&self, part: &'static str) -> Error {
        unintelligible(self.status, part)
    }
}

fn unintelligible(status: u16, part: &'static str) -> Error {
    Error::Unintelligible(Misreply { status, part })
}

/// Reads the reply of an endpoint that takes a credential.
///
/// The cause of an error is read from the status first, as RFC 6749 §5.2 has it
/// (<https://www.rfc-editor.org/rfc/rfc6749#section-5.2>).
pub fn accept(vendor: &impl Vendor, reply: &Reply, now: Timestamp) -> Result<Members, Error> {
    let status = reply.status;
    let members = members(reply);
    let complaint = match &members {
        Ok(members) => Complaint::of(&members.object),
        Err(_) => Complaint::read(&reply.body),
    };
    let has_code = |wanted: &[&str]| complaint.codes().any(|code| wanted.contains(&code));
    let throttles = || {
        complaint
            .codes()
            .any(|code| vendor.meaning(code) == Some(Verdict::Throttled(None)))
    };
    let refusal = || Refusal {
        status,
        code: complaint
            .codes()
            .find(|code| is_speakable(code))
            .map(Into::into),
    };
    let is_refused = complaint.success == Some(false);
    match status {
        200 if !is_refused => members,
        200 | 400..=499 if throttles() => Err(Error::Throttled(reply.retry_after(now))),
        400 if has_code(&["invalid_scope", "unauthorized_client"]) => {
            Err(Error::Forbidden(refusal()))
        }
        200 | 400 | 401 => Err(Error::Rejected(refusal())),
        403 => Err(Error::Forbidden(refusal())),
        429 => Err(Error::Throttled(reply.retry_after(now))),
        500..=599 => Err(Error::Unavailable(reply.retry_after(now))),
        _ => Err(unintelligible(status, "status")),
    }
}

/// Reads the body of a reply that has the status of success. No other is read as a whole.
fn members(reply: &Reply) -> Result<Members, Error> {
    if reply.status != 200 {
        return Err(unintelligible(reply.status, "status"));
    }
    if let Some(stage) = reply.cut {
        return Err(Error::Unreachable(stage));
    }
    let bad_body = || unintelligible(reply.status, "body");
    if reply.body.len() > MAX_REPLY_BYTES {
        return Err(bad_body());
    }
    match json::read(&reply.body) {
        Ok(Value::Object(object)) => Ok(Members {
            status: reply.status,
            object,
        }),
        _ => Err(bad_body()),
    }
}

/// Whether a vendor's code may be passed on: a few known words, in any case of letters.
fn is_speakable(code: &str) -> bool {
    let is_known = |word: &str| {
        CODE_WORDS
            .split(' ')
            .any(|known| known.eq_ignore_ascii_case(word))
    };
    code.len() <= MAX_CODE_BYTES && code.split(['_', '.', '-']).all(is_known)
}

/// What an answer says against itself: the members in which vendors put a failure, as far as they can be read.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Complaint {
    /// Contentsquare's `success`.
    pub success: Option<bool>,
    error: Option<String>,
    error_code: Option<String>,
    plain_code: Option<String>,
}

impl Complaint {
    /// Reads what can be read. The body may be cut off anywhere, or be no JSON at all; what stood before the end counts.
    pub fn read(body: &[u8]) -> Self {
        let mut complaint = Self::default();
        // Codes are ASCII; in any other text a wrong encoding, or a mark before the object, must not end the reading.
        let mark = body.iter().take_while(|byte| !byte.is_ascii()).count();
        let mut ascii = Cow::Borrowed(body.get(mark..).unwrap_or_default());
        if !ascii.is_ascii() {
            let others = ascii.to_mut().iter_mut().filter(|byte| !byte.is_ascii());
            others.for_each(|byte| *byte = b'?');
        }
        let mut json = serde_json::Deserializer::from_slice(&ascii);
        // An error only says where reading ended.
        let _ended = Reader(&mut complaint).deserialize(&mut json);
        complaint
    }

    /// The same of an object that was read already.
    fn of(object: &Object) -> Self {
        let mut complaint = Self::default();
        for (name, value) in object.members() {
            complaint.note(name, value);
        }
        complaint
    }

    /// Takes a member in, if it is one of those that matter; of several with one name the last counts that says something.
    fn note(&mut self, name: &str, value: &Value) {
        let text = match name {
            "success" => {
                self.success = match *value {
                    Value::Bool(success) => Some(success),
                    _ => None,
                };
                return;
            }
            "error" => &mut self.error,
            "errorCode" => &mut self.error_code,
            "code" => &mut self.plain_code,
            _ => return,
        };
        if let Value::Text(code) = value {
            *text = Some(code.clone());
        }
    }

    /// The codes of the failure: `error` of RFC 6749 and RFC 6750 first, then what else vendors call it.
    pub fn codes(&self) -> impl Iterator<Item = &str> {
        [&self.error, &self.error_code, &self.plain_code]
            .into_iter()
            .filter_map(Option::as_deref)
    }
}

/// Fills in a complaint member by member, so that it keeps what came before an error.
struct Reader<'a>(&'a mut Complaint);

impl<'de> DeserializeSeed<'de> for Reader<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

/// Anything but an object says nothing. The defaults of the trait would say the same, with texts that nobody reads.
impl<'de> Visitor<'de> for Reader<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, _: A) -> Result<(), A::Error> {
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        while let Some(name) = members.next_key::<String>()? {
            if NAMES.contains(&name.as_str()) {
                self.0.note(&name, &members.next_value()?);
            } else {
                // Not taken in, since it may be a token.
                members.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}
