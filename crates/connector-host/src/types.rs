//! The data of the contract as this crate gives and takes it, and the conversions from and to the generated types.
//! What each member means is said at length in `wit/types.wit`.

use std::ops::RangeInclusive;
use std::time::{Duration, SystemTime};

use futures::StreamExt;
use futures::stream;
use http_body_util::{BodyExt, BodyStream, StreamBody};
use wasmtime_wasi::p2::bindings::clocks::wall_clock::Datetime;

use crate::bindings::exports::integration::connector::types as wit;
use crate::contract::{self, require, text};
use crate::egress::Egress;
use crate::{ConnectorError, Origin, PluginError, ResponseBody, Secret, TransportError};

/// How much of a body the contract wants for `classify`, in bytes; what comes after is not sent into the plugin.
const CLASSIFY_BYTES: usize = 4096;

/// A vendor that the plugin connects to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vendor {
    /// What the calls take as `vendor`.
    pub id: String,
    /// The name that people know.
    pub display_name: String,
    /// A page that tells people how to get the credential.
    pub setup_url: String,
    /// What the plugin wants to reach for this vendor.
    pub origins: Vec<Origin>,
    /// How many API calls the vendor serves at a time for one project, where it documents a limit.
    pub calls_at_once: Option<u32>,
}

/// What an API call needs, and when to replace it.
#[derive(Debug, Clone)]
pub struct Session {
    /// The bearer token.
    pub access_token: Secret,
    /// Where API calls go: `https`, a host, perhaps a path; never a trailing slash.
    pub base_url: String,
    /// The scopes granted; empty when the vendor does not name them.
    pub scopes: Vec<String>,
    /// The project that the token reaches, when the vendor names one.
    pub project: Option<u64>,
    /// Just before the token was asked for.
    pub issued_at: SystemTime,
    /// When the vendor stops accepting the token.
    pub expires_at: SystemTime,
    /// From here on a new session should be asked for while this one still serves.
    pub refresh_after: SystemTime,
}

/// What a credential can reach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// The scopes that may be asked for; empty when the vendor does not say.
    pub scopes: Vec<String>,
    /// The projects to choose from; empty when the vendor has none or does not say.
    pub projects: Vec<Project>,
    /// How far the credential reaches, when the vendor says.
    pub level: Option<Level>,
}

/// A project of the vendor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Project {
    /// What the credential document holds as `project_id`.
    pub id: u64,
    /// The vendor's text: show it as text, never as markup.
    pub name: String,
}

/// How far a credential reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// One project.
    Project,
    /// Any project of the account.
    Account,
}

impl Level {
    /// The word that the credential document uses, `project` or `account`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Project => "project",
            Self::Account => "account",
        }
    }
}

/// An API response that was received with a session.
///
/// Its `Debug` shows the status alone: headers and body may hold anything.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiResponse {
    /// The HTTP status.
    pub status: u16,
    /// The header fields in the order received.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The body or its beginning; at most the first 4096 bytes are looked at.
    pub body: Vec<u8>,
}

impl ApiResponse {
    /// Takes from a response what `classify` looks at: the status, the header fields, and the first 4096 bytes of the body,
    /// for which it waits.
    ///
    /// The response stays whole: its body begins again with what was read here. After an error it is of no more use.
    pub async fn read(response: &mut http::Response<ResponseBody>) -> Result<Self, TransportError> {
        let mut read = Vec::new();
        let mut beginning = Vec::new();
        while beginning.len() < CLASSIFY_BYTES
            && let Some(frame) = response.body_mut().frame().await
        {
            let frame = frame?;
            let data = frame.data_ref().into_iter().flatten();
            beginning.extend(data.take(CLASSIFY_BYTES - beginning.len()));
            read.push(Ok(frame));
        }
        if !read.is_empty() {
            let rest = BodyStream::new(std::mem::take(response.body_mut()));
            *response.body_mut() = StreamBody::new(stream::iter(read).chain(rest)).boxed_unsync();
        }
        let headers = response.headers().iter();
        Ok(Self {
            status: response.status().as_u16(),
            headers: headers
                .map(|(name, value)| (name.to_string(), value.as_bytes().to_vec()))
                .collect(),
            body: beginning,
        })
    }
}

impl std::fmt::Debug for ApiResponse {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("ApiResponse")
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

/// What an API response says about the session that was used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The session is good. The response may still be an error of the call itself.
    Accepted,
    /// The session is over: refresh it, and repeat the call once.
    Refresh,
    /// The session is good and does not allow this: a person changes scope, plan or project.
    Forbidden,
    /// Too many calls: wait, for the given number of seconds if there is one.
    Throttled(Option<u32>),
    /// The vendor cannot serve now: wait, for the given number of seconds if there is one.
    Unavailable(Option<u32>),
}

impl Verdict {
    /// The name of the case in the contract, such as `throttled`.
    pub fn kind(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Refresh => "refresh",
            Self::Forbidden => "forbidden",
            Self::Throttled(_) => "throttled",
            Self::Unavailable(_) => "unavailable",
        }
    }
}

/// One problem of a credential document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issue {
    /// The place, as a JSON pointer; empty for the whole document.
    pub pointer: String,
    /// The kind of problem, stable, such as `required`.
    pub code: String,
    /// One sentence for a person.
    pub message: String,
}

/// How a vendor put its refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// The vendor's code, such as `invalid_client`.
    pub code: Option<String>,
}

/// What was wrong with an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misreply {
    /// The HTTP status.
    pub status: u16,
    /// `status`, `body`, or the name of the member.
    pub part: String,
}

/// The stage at which a request failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// The host's name could not be resolved.
    Dns,
    /// No connection came about.
    Connect,
    /// The other side did not prove who it is, or spoke no acceptable TLS.
    Tls,
    /// An answer did not begin, or did not go on, in time.
    Timeout,
    /// The connection ended before the answer did.
    CutOff,
    /// What came was not HTTP.
    Protocol,
    /// Another reason.
    Other,
}

impl Stage {
    /// The name of the case in the contract, such as `cut-off`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Dns => "dns",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Timeout => "timeout",
            Self::CutOff => "cut-off",
            Self::Protocol => "protocol",
            Self::Other => "other",
        }
    }
}

impl TryFrom<wit::Vendor> for Vendor {
    type Error = PluginError;

    fn try_from(vendor: wit::Vendor) -> Result<Self, PluginError> {
        let origins: Result<Vec<Origin>, _> = vendor.origins.iter().map(|o| o.parse()).collect();
        Ok(Self {
            id: text(vendor.id, "id", contract::is_id)?,
            display_name: text(vendor.display_name, "display-name", contract::is_title)?,
            setup_url: text(vendor.setup_url, "setup-url", contract::is_page)?,
            origins: origins.map_err(|_| PluginError::Contract("origins"))?,
            calls_at_once: match vendor.calls_at_once {
                Some(0) => return Err(PluginError::Contract("calls-at-once")),
                calls => calls,
            },
        })
    }
}

/// A token lives between one minute and one day, whatever the vendor says.
const LIFETIME: RangeInclusive<Duration> = Duration::from_mins(1)..=Duration::from_hours(24);

impl Session {
    /// Reads what a plugin says is a session of a vendor with these origins.
    pub(crate) fn read(session: wit::Session, declared: &Egress) -> Result<Self, PluginError> {
        // First of all, so that it is wiped even when another member is wrong.
        let access_token = Secret::new(session.access_token);
        require(contract::is_token(access_token.expose()), "access-token")?;
        let base_url = text(session.base_url, "base-url", |url| {
            contract::base_url(url).is_some_and(|url| declared.allows(&url))
        })?;
        let time = |time, name| system_time(time).ok_or(PluginError::Contract(name));
        let session = Self {
            access_token,
            base_url,
            scopes: scopes(session.scopes)?,
            project: session.project,
            issued_at: time(session.issued_at, "issued-at")?,
            expires_at: time(session.expires_at, "expires-at")?,
            refresh_after: time(session.refresh_after, "refresh-after")?,
        };
        let lifetime = session.expires_at.duration_since(session.issued_at);
        require(
            lifetime.is_ok_and(|lifetime| LIFETIME.contains(&lifetime)),
            "expires-at",
        )?;
        let serves = session.issued_at..=session.expires_at;
        require(serves.contains(&session.refresh_after), "refresh-after")?;
        Ok(session)
    }
}

fn scopes(scopes: Vec<String>) -> Result<Vec<String>, PluginError> {
    let all_good = scopes.iter().all(|scope| contract::is_scope(scope));
    require(all_good, "scopes").map(|()| scopes)
}

/// The token is in the clear in the result: wipe it when done.
impl From<&Session> for wit::Session {
    fn from(session: &Session) -> Self {
        Self {
            access_token: session.access_token.expose().to_owned(),
            base_url: session.base_url.clone(),
            scopes: session.scopes.clone(),
            project: session.project,
            issued_at: datetime(session.issued_at),
            expires_at: datetime(session.expires_at),
            refresh_after: datetime(session.refresh_after),
        }
    }
}

/// `None` for what no clock shows: a nanosecond that is a second, or a date out of range.
fn system_time(time: Datetime) -> Option<SystemTime> {
    (time.nanoseconds < 1_000_000_000)
        .then(|| Duration::new(time.seconds, time.nanoseconds))
        .and_then(|since| SystemTime::UNIX_EPOCH.checked_add(since))
}

/// Times before 1970, which the contract cannot express, become 1970: over for long either way.
fn datetime(time: SystemTime) -> Datetime {
    let since = time
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    Datetime {
        seconds: since.as_secs(),
        nanoseconds: since.subsec_nanos(),
    }
}

impl TryFrom<wit::Access> for Access {
    type Error = PluginError;

    fn try_from(access: wit::Access) -> Result<Self, PluginError> {
        let project = |project: wit::Project| Project {
            id: project.id,
            name: contract::shown(&project.name),
        };
        Ok(Self {
            scopes: scopes(access.scopes)?,
            projects: access.projects.into_iter().map(project).collect(),
            level: access.level.map(|level| match level {
                wit::Level::Project => Level::Project,
                wit::Level::Account => Level::Account,
            }),
        })
    }
}

impl From<&ApiResponse> for wit::Response {
    fn from(response: &ApiResponse) -> Self {
        Self {
            status: response.status,
            headers: response.headers.clone(),
            body: response.body.iter().take(CLASSIFY_BYTES).copied().collect(),
        }
    }
}

impl From<wit::Verdict> for Verdict {
    fn from(verdict: wit::Verdict) -> Self {
        match verdict {
            wit::Verdict::Accepted => Self::Accepted,
            wit::Verdict::Refresh => Self::Refresh,
            wit::Verdict::Forbidden => Self::Forbidden,
            wit::Verdict::Throttled(seconds) => Self::Throttled(contract::wait(seconds)),
            wit::Verdict::Unavailable(seconds) => Self::Unavailable(contract::wait(seconds)),
        }
    }
}

impl TryFrom<wit::Error> for ConnectorError {
    type Error = PluginError;

    fn try_from(error: wit::Error) -> Result<Self, PluginError> {
        Ok(match error {
            wit::Error::UnknownVendor => Self::UnknownVendor,
            wit::Error::InvalidCredential(issues) => {
                require(!issues.is_empty(), "invalid-credential")?;
                let issues = issues.into_iter().take(contract::MAX_ISSUES);
                Self::InvalidCredential(issues.map(Issue::try_from).collect::<Result<_, _>>()?)
            }
            wit::Error::Rejected(refusal) => Self::Rejected(refusal.try_into()?),
            wit::Error::Forbidden(refusal) => Self::Forbidden(refusal.try_into()?),
            wit::Error::Throttled(seconds) => Self::Throttled(contract::wait(seconds)),
            wit::Error::Unavailable(seconds) => Self::Unavailable(contract::wait(seconds)),
            wit::Error::Unreachable(stage) => Self::Unreachable(stage.into()),
            wit::Error::Denied => Self::Denied,
            wit::Error::Unintelligible(misreply) => Self::Unintelligible(Misreply {
                status: contract::status(misreply.status)?,
                part: text(misreply.part, "part", contract::is_part)?,
            }),
            wit::Error::Other(why) => Self::Other(text(why, "other", contract::is_sentence)?),
        })
    }
}

impl TryFrom<wit::Issue> for Issue {
    type Error = PluginError;

    fn try_from(issue: wit::Issue) -> Result<Self, PluginError> {
        Ok(Self {
            pointer: text(issue.pointer, "pointer", contract::is_pointer)?,
            code: text(issue.code, "code", contract::is_code)?,
            message: text(issue.message, "message", contract::is_sentence)?,
        })
    }
}

impl TryFrom<wit::Refusal> for Refusal {
    type Error = PluginError;

    fn try_from(refusal: wit::Refusal) -> Result<Self, PluginError> {
        let code = |code| text(code, "code", contract::is_vendor_code);
        Ok(Self {
            status: contract::status(refusal.status)?,
            code: refusal.code.map(code).transpose()?,
        })
    }
}

impl From<wit::Stage> for Stage {
    fn from(stage: wit::Stage) -> Self {
        match stage {
            wit::Stage::Dns => Self::Dns,
            wit::Stage::Connect => Self::Connect,
            wit::Stage::Tls => Self::Tls,
            wit::Stage::Timeout => Self::Timeout,
            wit::Stage::CutOff => Self::CutOff,
            wit::Stage::Protocol => Self::Protocol,
            wit::Stage::Other => Self::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use http_body::Frame;

    use super::*;

    fn from_plugin() -> wit::Session {
        let time = |seconds| Datetime {
            seconds,
            nanoseconds: 5,
        };
        wit::Session {
            access_token: "tulip;42".to_owned(),
            base_url: "https://api.hotjar.io".to_owned(),
            scopes: vec!["metrics".to_owned()],
            project: Some(7),
            issued_at: time(1000),
            expires_at: time(4600),
            refresh_after: time(3700),
        }
    }

    fn read(session: wit::Session) -> Result<Session, PluginError> {
        let hotjar = Vec::from(["https://api.hotjar.io".parse().unwrap()]);
        Session::read(session, &Egress::new(hotjar.into(), None))
    }

    #[test]
    fn a_session_comes_out_as_it_went_in() {
        let session = read(from_plugin()).unwrap();
        let since = |time: SystemTime| time.duration_since(SystemTime::UNIX_EPOCH).unwrap();
        assert_eq!(since(session.expires_at), Duration::new(4600, 5));
        assert_eq!(since(session.refresh_after), Duration::new(3700, 5));
        let back = wit::Session::from(&session);
        assert_eq!(format!("{back:?}"), format!("{:?}", from_plugin()));
    }

    #[test]
    fn debug_of_a_session_hides_the_token_alone() {
        let text = format!("{:?}", read(from_plugin()).unwrap());
        assert!(!text.contains("tulip"), "{text}");
        assert!(text.contains("api.hotjar.io"), "{text}");
    }

    #[test]
    fn debug_of_a_response_shows_its_status_alone() {
        let response = ApiResponse {
            status: 401,
            headers: vec![("set-cookie".to_owned(), b"tulip".to_vec())],
            body: b"daisy".to_vec(),
        };
        assert_eq!(format!("{response:?}"), "ApiResponse { status: 401, .. }");
    }

    #[test]
    fn a_date_that_no_clock_shows_is_a_breach_of_contract() {
        for bad in [(0, 1_000_000_000), (u64::MAX, 0)] {
            let mut session = from_plugin();
            session.expires_at.seconds = bad.0;
            session.expires_at.nanoseconds = bad.1;
            assert_eq!(breach(session), "expires-at");
        }
    }

    /// The member in which a session breaks the contract.
    fn breach(session: wit::Session) -> &'static str {
        match read(session) {
            Err(PluginError::Contract(member)) => member,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_session_that_breaks_the_contract_names_the_member() {
        type Break = fn(&mut wit::Session);
        let breaks: [(&str, Break); 15] = [
            ("access-token", |s| s.access_token = String::new()),
            ("access-token", |s| s.access_token = "t\r\nx: y".to_owned()),
            ("access-token", |s| s.access_token = "t".repeat(1 << 20)),
            ("base-url", |s| s.base_url = String::new()),
            ("base-url", |s| {
                s.base_url = "http://api.hotjar.io".to_owned();
            }),
            ("base-url", |s| {
                s.base_url = "https://evil.example".to_owned();
            }),
            ("base-url", |s| {
                s.base_url = "https://api.hotjar.io@evil.example".to_owned();
            }),
            ("base-url", |s| {
                s.base_url = "https://api.hotjar.io:8443".to_owned();
            }),
            ("base-url", |s| {
                s.base_url = "https://api.hotjar.io/".to_owned();
            }),
            ("scopes", |s| s.scopes.push("a b".to_owned())),
            ("expires-at", |s| s.expires_at = s.issued_at),
            ("expires-at", |s| s.expires_at.seconds = 0),
            ("expires-at", |s| s.expires_at.seconds += 24 * 3600),
            ("refresh-after", |s| s.refresh_after.seconds = 999),
            ("refresh-after", |s| s.refresh_after.seconds = 4601),
        ];
        for (member, spoil) in breaks {
            let mut session = from_plugin();
            spoil(&mut session);
            assert_eq!(breach(session), member);
        }
    }

    #[test]
    fn a_time_before_1970_becomes_1970() {
        let before = SystemTime::UNIX_EPOCH - Duration::from_secs(1);
        assert_eq!(datetime(before).seconds, 0);
    }

    #[test]
    fn a_vendor_that_breaks_the_contract_names_the_member() {
        type Break = fn(&mut wit::Vendor);
        let breaks: [(&str, Break); 5] = [
            ("id", |v| v.id = "A b".to_owned()),
            ("display-name", |v| v.display_name = "A\u{1b}[2J".to_owned()),
            ("setup-url", |v| {
                v.setup_url = "javascript:alert(1)".to_owned();
            }),
            ("origins", |v| {
                v.origins = vec!["http://a.example".to_owned()];
            }),
            ("calls-at-once", |v| v.calls_at_once = Some(0)),
        ];
        for (member, spoil) in breaks {
            let mut vendor = wit::Vendor {
                id: "a".to_owned(),
                display_name: "A".to_owned(),
                setup_url: "https://a.example".to_owned(),
                origins: vec!["https://a.example".to_owned()],
                calls_at_once: Some(1),
            };
            assert!(Vendor::try_from(vendor.clone()).is_ok());
            spoil(&mut vendor);
            let breach = Err(PluginError::Contract(member));
            assert_eq!(Vendor::try_from(vendor), breach);
        }
    }

    #[test]
    fn an_error_that_breaks_the_contract_names_the_member() {
        let issue = |pointer: &str, code: &str, message: &str| {
            wit::Error::InvalidCredential(vec![wit::Issue {
                pointer: pointer.to_owned(),
                code: code.to_owned(),
                message: message.to_owned(),
            }])
        };
        let refusal = |status, code: &str| wit::Refusal {
            status,
            code: Some(code.to_owned()),
        };
        let misreply = |status, part: &str| {
            wit::Error::Unintelligible(wit::Misreply {
                status,
                part: part.to_owned(),
            })
        };
        for (member, error) in [
            ("invalid-credential", wit::Error::InvalidCredential(vec![])),
            ("pointer", issue("client_id", "required", "enter it")),
            ("code", issue("/client_id", "Required!", "enter it")),
            ("message", issue("/client_id", "required", "a\nb")),
            ("status", wit::Error::Rejected(refusal(0, "invalid_client"))),
            (
                "code",
                wit::Error::Rejected(refusal(401, "wrong secret: tulip")),
            ),
            ("code", wit::Error::Forbidden(refusal(403, ""))),
            ("part", misreply(200, "what the vendor said")),
            ("status", misreply(1000, "body")),
            ("other", wit::Error::Other("x".repeat(1 << 20))),
            ("other", wit::Error::Other("a\u{1b}[2J".to_owned())),
        ] {
            let breach = Err(PluginError::Contract(member));
            assert_eq!(ConnectorError::try_from(error), breach);
        }
    }

    #[test]
    fn a_long_list_of_problems_is_cut_and_an_odd_name_made_fit() {
        let issue = wit::Issue {
            pointer: "/scopes/2".to_owned(),
            code: "duplicate".to_owned(),
            message: "choose each once".to_owned(),
        };
        let many = wit::Error::InvalidCredential(vec![issue; 20_000]);
        let ConnectorError::InvalidCredential(kept) = ConnectorError::try_from(many).unwrap()
        else {
            panic!("another error");
        };
        assert_eq!(kept.len(), contract::MAX_ISSUES);

        let access = |scope: &str| wit::Access {
            scopes: vec![scope.to_owned()],
            projects: vec![wit::Project {
                id: 1,
                name: "Sh\nop".to_owned(),
            }],
            level: None,
        };
        assert_eq!(
            Access::try_from(access("metrics")).unwrap().projects[0].name,
            "Shop"
        );
        let breach = Err(PluginError::Contract("scopes"));
        assert_eq!(Access::try_from(access("a b")), breach);
    }

    #[test]
    fn only_the_beginning_of_a_body_goes_into_the_plugin() {
        let response = ApiResponse {
            status: 200,
            headers: Vec::new(),
            body: vec![b'x'; CLASSIFY_BYTES + 1],
        };
        assert_eq!(wit::Response::from(&response).body.len(), CLASSIFY_BYTES);
    }

    #[tokio::test]
    async fn reading_the_beginning_of_a_response_leaves_it_whole() {
        let pieces = [
            "a".repeat(CLASSIFY_BYTES - 1),
            "bc".to_owned(),
            "d".to_owned(),
        ];
        let frames = pieces.clone().map(|piece| Ok(Frame::data(piece.into())));
        let body = StreamBody::new(stream::iter(frames)).boxed_unsync();
        let mut response = http::Response::builder()
            .status(401)
            .header("x-a", "b")
            .body(body)
            .unwrap();
        let seen = ApiResponse::read(&mut response).await.unwrap();
        assert_eq!(seen.status, 401);
        assert_eq!(seen.headers, [("x-a".to_owned(), b"b".to_vec())]);
        assert_eq!(seen.body, format!("{}b", pieces[0]).as_bytes());
        let whole = response.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(whole, pieces.concat());
    }

    #[tokio::test]
    async fn a_response_that_breaks_off_at_its_beginning_is_not_read() {
        let frames = [Ok(Frame::data("a".into())), Err(TransportError::CutOff)];
        let body = StreamBody::new(stream::iter(frames)).boxed_unsync();
        let read = ApiResponse::read(&mut http::Response::new(body)).await;
        assert_eq!(read, Err(TransportError::CutOff));
    }

    #[test]
    fn every_error_keeps_its_name_and_its_payload() {
        let refusal = || wit::Refusal {
            status: 403,
            code: Some("invalid_scope".to_owned()),
        };
        let issue = wit::Issue {
            pointer: "/client_id".to_owned(),
            code: "required".to_owned(),
            message: "enter the client id".to_owned(),
        };
        let stage = wit::Error::Unreachable(wit::Stage::CutOff);
        let misreply = wit::Misreply {
            status: 200,
            part: "access_token".to_owned(),
        };
        for (error, kind, text) in [
            (wit::Error::UnknownVendor, "unknown-vendor", ""),
            (
                wit::Error::InvalidCredential(vec![issue]),
                "invalid-credential",
                "required",
            ),
            (wit::Error::Rejected(refusal()), "rejected", "invalid_scope"),
            (
                wit::Error::Forbidden(refusal()),
                "forbidden",
                "invalid_scope",
            ),
            (wit::Error::Throttled(Some(9)), "throttled", "9"),
            (wit::Error::Unavailable(Some(9)), "unavailable", "9"),
            (stage, "unreachable", "CutOff"),
            (wit::Error::Denied, "denied", ""),
            (
                wit::Error::Unintelligible(misreply),
                "unintelligible",
                "access_token",
            ),
            (wit::Error::Other("why".to_owned()), "other", "why"),
        ] {
            let error = ConnectorError::try_from(error).unwrap();
            assert_eq!(error.kind(), kind);
            assert!(format!("{error:?}").contains(text), "{error:?}");
        }
    }
}
