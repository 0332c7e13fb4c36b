//! Reading the part of a response that `classify` sees, without consuming the response.

use futures::StreamExt;
use futures::stream;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use http_body_util::{BodyExt, BodyStream, StreamBody};

use crate::egress::content_encoding::Decoder;
use crate::transport::{ResponseBody, TransportError};
use crate::types::ApiResponse;

/// The part of a body that the contract passes to `classify`; the rest does not reach the plugin.
pub(crate) const CLASSIFY_BYTES: usize = 4096;
/// 64 KiB: text is seldom compressed to less than a tenth of its length, and an encoding may yield
/// nothing at all for ever.
const MAX_ENCODED_BYTES: usize = 64 << 10;

impl ApiResponse {
    /// Copies the input of `classify` from a response: the status, the header fields, and the first
    /// 4096 bytes of the body, for which it waits. A `content-encoding` of gzip or deflate is
    /// decoded in the copy, and removed from its header fields with `content-length`.
    ///
    /// The response stays complete and as it was sent: its body starts again with the bytes read
    /// here. After an error the response is unusable.
    pub async fn read(response: &mut http::Response<ResponseBody>) -> Result<Self, TransportError> {
        let mut decoder = Decoder::new(response.headers(), CLASSIFY_BYTES);
        let is_encoded = decoder.is_some();
        let mut read = Vec::new();
        let mut read_bytes = 0;
        let mut beginning = Vec::new();
        while beginning.len() < CLASSIFY_BYTES
            && read_bytes < MAX_ENCODED_BYTES
            && let Some(frame) = response.body_mut().frame().await
        {
            let frame = frame?;
            let data = frame.data_ref().map_or(&[][..], |data| data);
            read_bytes += data.len();
            match &mut decoder {
                None => beginning.extend(data.iter().take(CLASSIFY_BYTES - beginning.len())),
                // An unreadable body is no failure: the plugin classifies its readable beginning.
                Some(decoder) => {
                    let is_over = decoder.write(data).is_err();
                    beginning.extend(decoder.pieces().flatten());
                    if is_over {
                        read.push(Ok(frame));
                        break;
                    }
                }
            }
            read.push(Ok(frame));
        }
        if !read.is_empty() {
            let rest = BodyStream::new(std::mem::take(response.body_mut()));
            *response.body_mut() = StreamBody::new(stream::iter(read).chain(rest)).boxed_unsync();
        }
        let headers = response.headers().iter();
        let headers = headers
            .filter(|(name, _)| !is_encoded || ![CONTENT_ENCODING, CONTENT_LENGTH].contains(name));
        Ok(Self {
            status: response.status().as_u16(),
            headers: headers
                .map(|(name, value)| (name.to_string(), value.as_bytes().to_vec()))
                .collect(),
            body: beginning,
        })
    }
}
