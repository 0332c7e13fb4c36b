//! `connector token`: the access token of a valid session, alone, for scripts.

use std::io::{self, IsTerminal, Write};

use connector_host::Signing;

use crate::args::Token;
use crate::credential::Source;
use crate::failure::{Failure, plain};
use crate::interrupt;
use crate::plugin;

/// Prints the token.
pub(crate) async fn run(of: &Token) -> Result<(), Failure> {
    let mut stdout = io::stdout();
    if stdout.is_terminal() && !of.force {
        return Err(Failure::Usage(
            "the token would be shown on the terminal; pipe it to a program, or use --force"
                .to_owned(),
        ));
    }
    let connector = plugin::open(&of.plugin, &of.network).await?;
    let source = Source::read(&of.credential, &connector, of.vendor.as_deref()).await?;
    let vendor = source.vendor();
    if vendor.signing != Signing::Session {
        return Err(Failure::Usage(format!(
            "each request to the vendor {} is signed, so a token alone is of no use; use \
             `connector call`",
            plain(&vendor.id)
        )));
    }
    let sessions = source.sessions(connector.clone())?;
    let credential = source.credential();
    let session = async { Ok(sessions.session(&credential).await?) };
    let session = interrupt::finishing(&sessions, session).await?;
    let token = session.access_token.expose();
    writeln!(stdout, "{token}").and_then(|()| stdout.flush())?;
    Ok(())
}
