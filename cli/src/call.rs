//! `connector call`: one API call with a session of the credential, and its response as it comes.
//! Follows the plugin's verdict; the meaning of a body, such as its next page, is the caller's.

mod destination;
mod progress;
mod terminal_text;

use std::time::Duration;

use bytes::Bytes;
use connector_host::{
    ApiError, CallError, Classified, ConnectorError, Credential, ResponseBody, Sessions,
};
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Request, Response};
use http_body_util::BodyExt;

use crate::args::{Call, Data};
use crate::credential::Source;
use crate::failure::Failure;
use crate::output::say;
use crate::{interrupt, plugin};
use destination::Destination;
use progress::Progress;

/// Bounds an attempt up to the beginning of its response; each of its stages has a limit of its
/// own, which is shorter.
const ATTEMPT: Duration = Duration::from_mins(5);

/// The first pause before a retry where the vendor names no time. At least as long as the pause of
/// [`Sessions`] after a token request that failed, within which a retry would be in vain.
const FIRST_PAUSE: Duration = Duration::from_secs(2);

/// The longest pause where the vendor names no time.
const LONGEST_PAUSE: Duration = Duration::from_mins(5);

/// 64 MiB: the body is in memory, so that it can be sent again with another session.
const MAX_DATA_BYTES: u64 = 64 * 1024 * 1024;

/// Makes the call, and writes its response.
pub(crate) async fn run(of: &Call) -> Result<(), Failure> {
    let request = request(of)?;
    let connector = plugin::open(&of.plugin, &of.network).await?;
    let source = Source::read(&of.credential, &connector, of.vendor()).await?;
    let sessions = source.sessions(connector.clone())?;
    // Only now: until here Ctrl-C ends the process, also while it reads standard input. From here
    // on an incomplete file is removed.
    let credential = source.credential();
    interrupt::finishing(&sessions, call(of, &sessions, &credential, &request)).await
}

fn request(of: &Call) -> Result<Request<Bytes>, Failure> {
    let wrong = |message: &str| Failure::Usage(message.to_owned());
    let mut request = Request::new(data(of.data.as_ref())?);
    *request.method_mut() = of.method().map_err(wrong)?;
    *request.uri_mut() = of.target().map_err(wrong)?.into();
    *request.headers_mut() = of.headers().map_err(wrong)?;
    if of.data.is_some() {
        let json = HeaderValue::from_static("application/json");
        request.headers_mut().entry(CONTENT_TYPE).or_insert(json);
    }
    Ok(request)
}

fn data(of: Option<&Data>) -> Result<Bytes, Failure> {
    match of {
        None => Ok(Bytes::new()),
        Some(Data::Text(text)) => Ok(text.as_encoded_bytes().to_vec().into()),
        Some(Data::From(input)) => {
            let bytes = input.bytes(MAX_DATA_BYTES + 1)?;
            if bytes.len() as u64 > MAX_DATA_BYTES {
                return Err(input.failure("is longer than 64 MiB, the limit of a request"));
            }
            Ok(bytes.into())
        }
    }
}

async fn call(
    of: &Call,
    sessions: &Sessions,
    credential: &Credential<'_>,
    request: &Request<Bytes>,
) -> Result<(), Failure> {
    let Classified {
        response, verdict, ..
    } = send(sessions, credential, request, of.retry).await?;
    let status = response.status().as_u16();
    let refusal = ConnectorError::of_verdict(verdict);
    let failed = of.fail && (refusal.is_some() || status >= 400);
    if !failed && (refusal.is_none() || of.output.is_none()) {
        let destination = Destination::open(of.output.as_deref())?;
        write(response, of.include, destination).await?;
    }
    match refusal {
        Some(error) => Err(Failure::Call(error.into())),
        None if failed => Err(Failure::Status(status)),
        None => Ok(()),
    }
}

/// Sends the request, and repeats it as often as allowed while the vendor asks to wait.
async fn send(
    sessions: &Sessions,
    credential: &Credential<'_>,
    request: &Request<Bytes>,
    retries: u32,
) -> Result<Classified, ApiError> {
    let mut pause = FIRST_PAUSE;
    let mut retry = 0;
    loop {
        let result = sessions
            .send_classified(credential, request.clone(), ATTEMPT)
            .await;
        let Some((why, secs)) = wait(&result).filter(|_| retry < retries) else {
            return result;
        };
        // The vendor may allow only one call at a time.
        drop(result);
        retry += 1;
        let time = secs.map_or(pause, |secs| Duration::from_secs(secs.into()));
        say(&format!(
            "{why}; retry {retry} of {retries} in {} s",
            time.as_secs()
        ));
        tokio::time::sleep(time).await;
        if secs.is_none() {
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}

/// The reason to wait before another attempt, and the vendor's time in seconds.
fn wait(result: &Result<Classified, ApiError>) -> Option<(&'static str, Option<u32>)> {
    let error = match result {
        Ok(Classified { verdict, .. }) => ConnectorError::of_verdict(verdict.clone())?,
        Err(ApiError::Call(CallError::Connector(error))) => error.clone(),
        Err(_) => return None,
    };
    match error {
        ConnectorError::Throttled(secs) => Some(("too many requests", secs)),
        ConnectorError::Unavailable(secs) => Some(("the vendor is unavailable", secs)),
        _ => None,
    }
}

/// Writes a response piece by piece, at most a few of which are in memory.
async fn write(
    response: Response<ResponseBody>,
    with_head: bool,
    destination: Destination,
) -> Result<(), Failure> {
    let mut progress = Progress::new(&response, destination.is_terminal());
    let writer = destination.writer();
    if with_head {
        writer.write(head(&response).into()).await;
    }
    let mut body = response.into_body();
    let mut broken = None;
    let mut bytes = 0;
    while let Some(frame) = body.frame().await {
        let data = match frame {
            Ok(frame) => frame.into_data().unwrap_or_default(),
            Err(error) => {
                broken = Some(Failure::Incomplete(bytes, error.name()));
                break;
            }
        };
        bytes += data.len() as u64;
        progress.set(bytes);
        if !writer.write(data).await {
            // Its error is the result of `end`.
            break;
        }
    }
    progress.end();
    let written = writer.end().await?;
    match broken {
        Some(error) => Err(error),
        None => written.keep(),
    }
}

/// The status line and the header fields, with an empty line at the end.
fn head(response: &Response<ResponseBody>) -> Vec<u8> {
    let status = response.status();
    let reason = status.canonical_reason().unwrap_or_default();
    let line = format!("{:?} {} {reason}", response.version(), status.as_str());
    let mut head = line.trim_end().as_bytes().to_vec();
    for (name, value) in response.headers() {
        head.extend_from_slice(b"\r\n");
        head.extend_from_slice(name.as_str().as_bytes());
        head.extend_from_slice(b": ");
        head.extend_from_slice(value.as_bytes());
    }
    head.extend_from_slice(b"\r\n\r\n");
    head
}
