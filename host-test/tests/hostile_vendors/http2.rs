//! HTTP/2 by hand (RFC 9113): enough to read a request, respond, and break every rule.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

pub(crate) const DATA: u8 = 0;
pub(crate) const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
pub(crate) const SETTINGS: u8 = 4;
pub(crate) const PING: u8 = 6;
const GOAWAY: u8 = 7;
pub(crate) const CONTINUATION: u8 = 9;

/// The flag of HEADERS and DATA that ends the stream; for SETTINGS and PING the same bit is ACK.
pub(crate) const END_STREAM: u8 = 1;
const ACK: u8 = 1;
/// The flag of HEADERS and CONTINUATION that ends the header section.
pub(crate) const END_HEADERS: u8 = 4;

pub(crate) const NO_ERROR: u32 = 0;
pub(crate) const INTERNAL_ERROR: u32 = 2;
pub(crate) const REFUSED_STREAM: u32 = 7;
pub(crate) const CANCEL: u32 = 8;

/// `:status: 200` in the static table (RFC 7541 Appendix A).
pub(crate) const STATUS_200: &[u8] = &[0x88];
/// `:status: 103`, literally, with the name from the static table.
pub(crate) const STATUS_103: &[u8] = b"\x08\x03103";

/// The stream of the first request on a connection.
pub(crate) const FIRST: u32 = 1;

const PREFACE_BYTES: usize = 24;

/// A frame. A client's streams are odd; 0 is the connection.
pub(crate) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut frame = vec![length[1], length[2], length[3], kind, flags];
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// A header field, literally.
pub(crate) fn field(name: &str, value: &[u8]) -> Vec<u8> {
    let length = |length: usize| {
        u8::try_from(length)
            .ok()
            .filter(|byte| *byte < 0x7f)
            .unwrap()
    };
    let mut field = vec![0, length(name.len())];
    field.extend(name.as_bytes());
    field.push(length(value.len()));
    field.extend(value);
    field
}

/// A GOAWAY frame, with the last stream that was processed.
pub(crate) fn goaway(last_stream: u32, error: u32) -> Vec<u8> {
    let payload = [last_stream.to_be_bytes(), error.to_be_bytes()].concat();
    frame(GOAWAY, 0, 0, &payload)
}

/// A `RST_STREAM` frame.
pub(crate) fn rst_stream(stream: u32, error: u32) -> Vec<u8> {
    frame(RST_STREAM, 0, stream, &error.to_be_bytes())
}

/// A response with status 200 and this body.
pub(crate) fn answer(stream: u32, body: &[u8]) -> Vec<u8> {
    [
        frame(HEADERS, END_HEADERS, stream, STATUS_200),
        frame(DATA, END_STREAM, stream, body),
    ]
    .concat()
}

/// Begins a connection: sends empty settings, and reads the client's preface.
pub(crate) async fn greet(wire: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> io::Result<()> {
    wire.write_all(&frame(SETTINGS, 0, 0, &[])).await?;
    wire.flush().await?;
    wire.read_exact(&mut [0; PREFACE_BYTES]).await?;
    Ok(())
}

/// Reads a request to its end, and returns its stream.
pub(crate) async fn read_request(
    wire: &mut (impl AsyncRead + AsyncWrite + Unpin),
) -> io::Result<u32> {
    loop {
        let mut head = [0; 4];
        wire.read_exact(&mut head).await?;
        let [a, b, c, kind] = head;
        let length = u32::from_be_bytes([0, a, b, c]);
        let flags = wire.read_u8().await?;
        let stream = wire.read_u32().await?;
        let mut payload = vec![0; length.try_into().unwrap()];
        wire.read_exact(&mut payload).await?;
        match kind {
            SETTINGS | PING if flags & ACK == 0 => {
                let echo: &[u8] = if kind == PING { &payload } else { &[] };
                wire.write_all(&frame(kind, ACK, 0, echo)).await?;
                wire.flush().await?;
            }
            HEADERS | DATA if flags & END_STREAM != 0 => return Ok(stream),
            _ => {}
        }
    }
}
