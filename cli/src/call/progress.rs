//! The progress of a long download, on standard error if that is a terminal.

use std::time::Duration;

use connector_host::ResponseBody;
use http::Response;
use http_body::Body;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::time::Instant;

/// A shorter download needs no progress.
const SHOWN_AFTER: Duration = Duration::from_secs(1);

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
        let template = match length {
            Some(_) => "{bytes} of {total_bytes} ({percent} %), {bytes_per_sec}, {eta} left",
            None => "{bytes}, {bytes_per_sec}",
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
