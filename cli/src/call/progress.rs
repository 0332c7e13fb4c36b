//! The progress of a long download, on standard error if that is a terminal.

use std::time::Duration;

use connector_host::ResponseBody;
use http::Response;
use http_body::Body;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::time::Instant;

/// A shorter download needs no progress.
const SHOWN_AFTER: Duration = Duration::from_secs(1);

const OF_LENGTH: &str = "{bytes} of {total_bytes} ({percent} %), {bytes_per_sec}, {eta} left";
const WITHOUT_LENGTH: &str = "{bytes}, {bytes_per_sec}";

/// The progress of one download.
pub(super) struct Progress {
    bar: ProgressBar,
    /// `None` once it is shown, or if it never is.
    hidden_since: Option<Instant>,
}

impl Progress {
    /// Of a response that is written to a file or a pipe; on a terminal the body itself is shown.
    pub(super) fn new(response: &Response<ResponseBody>, to_terminal: bool) -> Self {
        let length = response.body().size_hint().exact();
        let bar = ProgressBar::with_draw_target(length, ProgressDrawTarget::hidden());
        let template = if length.is_some() {
            OF_LENGTH
        } else {
            WITHOUT_LENGTH
        };
        // The templates are valid; the default style is another valid one.
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        Self {
            bar,
            hidden_since: (!to_terminal).then(Instant::now),
        }
    }

    /// Sets the number of bytes that have come.
    pub(super) fn set(&mut self, bytes: u64) {
        self.bar.set_position(bytes);
        if self
            .hidden_since
            .is_some_and(|since| SHOWN_AFTER < since.elapsed())
        {
            self.hidden_since = None;
            // Stays hidden if standard error is no terminal.
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
    }

    /// Removes the progress from the terminal.
    pub(super) fn end(self) {
        self.bar.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http_body_util::{BodyExt, Full};

    use super::*;

    fn response() -> Response<ResponseBody> {
        let body = Full::new(Bytes::from_static(b"12345678"));
        Response::new(body.map_err(|never| match never {}).boxed_unsync())
    }

    #[test]
    fn the_templates_are_valid() {
        for template in [OF_LENGTH, WITHOUT_LENGTH] {
            ProgressStyle::with_template(template).unwrap();
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_download_is_measured_at_once_and_shown_when_it_is_long() {
        let mut progress = Progress::new(&response(), false);
        assert_eq!(progress.bar.length(), Some(8));
        progress.set(3);
        assert_eq!(progress.bar.position(), 3);
        assert!(progress.hidden_since.is_some());
        tokio::time::advance(2 * SHOWN_AFTER).await;
        progress.set(5);
        assert!(progress.hidden_since.is_none());
        // The body itself is shown.
        assert!(Progress::new(&response(), true).hidden_since.is_none());
    }
}
