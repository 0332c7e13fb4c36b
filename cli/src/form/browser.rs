//! Opens the page in the default browser.
//!
//! Other users of the machine can read the arguments of a process, so the link is not one: it is in
//! a private file, and the browser opens that. The browser does not get the key of the store.

use std::io::{self, Write as _};
use std::path::Path;
use std::process::Stdio;

use tempfile::NamedTempFile;

use crate::store::KEY_VARIABLE;

/// Opens the link. The returned file has it, for its owner only; it is deleted when it is dropped.
pub(super) fn open(link: &str) -> io::Result<NamedTempFile> {
    let file = written(link)?;
    launch(file.path())?;
    Ok(file)
}

fn written(link: &str) -> io::Result<NamedTempFile> {
    let mut file = tempfile::Builder::new()
        .prefix("connector-")
        .suffix(".html")
        .tempfile()?;
    file.write_all(redirect(link).as_bytes())?;
    Ok(file)
}

/// Starts the first of the desktop's commands for opening files that there is.
fn launch(path: &Path) -> io::Result<()> {
    for mut command in open::commands(path) {
        command.env_remove(KEY_VARIABLE);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        // Ctrl-C ends this program, and not the browser.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        match command.spawn() {
            Ok(mut child) => {
                // Some of the commands run as long as the browser.
                std::thread::spawn(move || child.wait());
                return Ok(());
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::other("this system has no command for it"))
}

/// A document that leads to the link.
fn redirect(link: &str) -> String {
    format!(
        "<!doctype html>\n<meta charset=\"utf-8\">\n<meta name=\"referrer\" \
         content=\"no-referrer\">\n<meta http-equiv=\"refresh\" content=\"0; url={link}\">\n\
         <title>Credentials</title>\n<a href=\"{link}\">Open the page</a>\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn the_file_of_the_link_is_for_its_owner_only() {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = written("abc")
            .unwrap()
            .as_file()
            .metadata()
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o077, 0, "{mode:o}");
    }

    #[test]
    fn the_document_leads_to_the_link_and_sends_no_referrer() {
        let document = redirect("http://127.0.0.1:4711/#/?token=abc");
        assert!(document.contains("content=\"0; url=http://127.0.0.1:4711/#/?token=abc\""));
        assert!(document.contains("no-referrer"), "{document}");
    }
}
