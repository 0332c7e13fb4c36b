//! `connector simulate`: runs the simulated vendors until Ctrl-C, and prints the options and sample
//! credentials for the other commands.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
#[cfg(unix)]
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use connector_host::{Connector, Description, Vendor};
use connector_simulators::Simulators;

use crate::args::Simulate;
use crate::environment;
use crate::failure::{Failure, plain};
use crate::interrupt::Signals;
use crate::json::pretty;
use crate::locale;
use crate::output::{self, Page, fact, line};
use crate::plugin::{self, descriptions};
use crate::shell;
use crate::store::STORE_VARIABLE;

/// Runs the simulators, prints how to use them, and removes its files at the end.
pub(crate) async fn run(of: &Simulate) -> Result<(), Failure> {
    // Before any file is written, so that an early Ctrl-C removes them too.
    let stopped = stopped().map_err(|error| Failure::setup("listen for Ctrl-C", error))?;
    let simulators = Simulators::start()
        .await
        .map_err(|error| Failure::setup("start the simulated vendors", error))?;
    let connector = plugin::open_offline(&of.plugin).await?;
    let mut dir = tempfile::Builder::new();
    #[cfg(unix)]
    dir.permissions(fs::Permissions::from_mode(0o700));
    let dir = dir.prefix("connector-").tempdir();
    let dir = dir.map_err(|error| Failure::setup("make a temporary directory", error))?;
    let ca = CaFile::write(of, dir.path(), simulators.ca_pem())?;
    let options = Options {
        of,
        ca: &ca.0,
        grants: plugin::grant_options(&of.plugin, &connector),
        connect_to: simulators.connect_to(),
    };
    if of.env {
        print_variables(&simulators, &options, dir.path())?;
    } else {
        print(&connector, &simulators, &options, dir.path()).await?;
    }
    stopped.await;
    Ok(())
}

/// The file of the certificate authority, removed on drop.
struct CaFile(PathBuf);

impl CaFile {
    fn write(of: &Simulate, dir: &Path, pem: &str) -> Result<Self, Failure> {
        let path = of.cacert_out.clone().unwrap_or_else(|| dir.join("ca.pem"));
        write_new(&path, pem)?;
        Ok(Self(path))
    }
}

impl Drop for CaFile {
    fn drop(&mut self) {
        // It may have been removed already.
        let _ = fs::remove_file(&self.0);
    }
}

/// The options that connect a command to the simulators instead of the vendors.
struct Options<'a> {
    of: &'a Simulate,
    ca: &'a Path,
    grants: Vec<String>,
    connect_to: Vec<String>,
}

impl Options<'_> {
    fn lines(&self) -> Vec<String> {
        let cacert = format!("--cacert {}", shell::path(self.ca));
        let component = self.of.plugin.component.as_deref();
        let component = component.map(|file| format!("--component {}", shell::path(file)));
        let connect_to = self
            .connect_to
            .iter()
            .map(|names| format!("--connect-to {names}"));
        [cacert]
            .into_iter()
            .chain(component)
            .chain(self.grants.iter().cloned())
            .chain(connect_to)
            .collect()
    }
}

/// Prints variables for the other commands, in one piece: a shell may read it at once.
fn print_variables(
    simulators: &Simulators,
    options: &Options<'_>,
    dir: &Path,
) -> Result<(), Failure> {
    let mut variables = vec![
        (environment::CACERT.to_owned(), shell::path(options.ca)),
        (
            environment::CONNECT_TO.to_owned(),
            shell::word(&options.connect_to.join(" ")),
        ),
        // Real secrets are not for simulated vendors.
        (
            STORE_VARIABLE.to_owned(),
            shell::path(&dir.join("store/credentials.db")),
        ),
    ];
    for simulator in simulators.vendors() {
        let Some((_, credential)) = simulator.sample_credentials().into_iter().next() else {
            continue;
        };
        let file = dir.join(simulator.id()).with_extension("json");
        write_new(&file, &pretty(&credential))?;
        let name = format!("{}_CREDENTIAL", simulator.id().to_uppercase());
        variables.push((name, shell::path(&file)));
    }
    let lines = variables
        .iter()
        .map(|(name, value)| format!("export {name}={value}\n"));
    Ok(output::bytes(lines.collect::<String>().as_bytes())?)
}

async fn print(
    connector: &Connector,
    simulators: &Simulators,
    options: &Options<'_>,
    dir: &Path,
) -> Result<(), Failure> {
    let page = Page::new();
    line(
        "The simulated vendors are running on this machine; Ctrl-C stops them and removes the \
         files below.",
    )?;
    page.title("Options that lead a command here instead of to the vendors")?;
    for option in options.lines() {
        line(&format!("  {option}"))?;
    }
    // `connector` may not be on the path of the other shell.
    let program =
        std::env::current_exe().map_or_else(|_| "connector".to_owned(), |path| shell::path(&path));
    for (vendor, description, first) in write_samples(&page, connector, simulators, dir).await? {
        page.title(&format!("{}: in another shell", plain(&description.name)))?;
        let command = format!(
            "{program} authenticate {} --credential {}",
            vendor.id,
            shell::path(&first)
        );
        let lines: Vec<_> = [command].into_iter().chain(options.lines()).collect();
        fact(&lines.join(" \\\n  "))?;
    }
    line(
        "\n`inspect` takes the same options. `authenticate --reveal > session.json` writes a \
         session for `refresh --session session.json`.",
    )?;
    Ok(())
}

/// Writes the simulators' sample credentials to files, and prints the purpose of each. Returns the
/// first of each vendor.
pub(crate) async fn write_samples<'a>(
    page: &Page,
    connector: &'a Connector,
    simulators: &Simulators,
    dir: &Path,
) -> Result<Vec<(&'a Vendor, Description, PathBuf)>, Failure> {
    let mut firsts = Vec::new();
    for (vendor, description) in descriptions(connector, &locale::preferred()).await? {
        let Some(simulator) = simulators.vendor(&vendor.id) else {
            continue;
        };
        page.title(&format!("{}: credentials to try", plain(&description.name)))?;
        let mut first = None;
        for (number, (shows, credential)) in (1_usize..).zip(simulator.sample_credentials()) {
            let name = if number == 1 {
                vendor.id.clone()
            } else {
                format!("{}-{number}", vendor.id)
            };
            let path = dir.join(name).with_extension("json");
            write_new(&path, &pretty(&credential))?;
            line(&format!("  {}  {shows}", shell::path(&path)))?;
            first = first.or(Some(path));
        }
        firsts.extend(first.map(|path| (vendor, description, path)));
    }
    Ok(firsts)
}

/// Creates a file for the user alone. Never overwrites one, because the file is removed later.
fn write_new(path: &Path, text: &str) -> Result<(), Failure> {
    let mut new = OpenOptions::new();
    new.write(true).create_new(true);
    #[cfg(unix)]
    new.mode(0o600);
    let written = new
        .open(path)
        .and_then(|mut file| writeln!(file, "{}", text.trim_end()));
    written.map_err(|error| Failure::Input(format!("cannot write {}: {error}", path.display())))
}

/// Waits for Ctrl-C or another signal to end, from the moment of the call.
pub(crate) fn stopped() -> io::Result<impl Future<Output = ()>> {
    let mut signals = Signals::listen()?;
    Ok(async move { signals.next().await })
}
